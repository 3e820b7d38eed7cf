"""TLS and tokens, over gRPC and over REST, blocking and on asyncio: what fits and what does not."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
from absl import flags

from serving import connection, retries
from serving.client import ReIDClient
from serving.credential_flags import TOKEN_VARIABLE, credentials_of, define_credential_flags
from serving.credentials import Credentials
from serving.errors import AccessDenied, BadRequest, ServerUnavailable, TlsFailed
from serving.tls_errors import connection_error
from tests.serving import fake_server
from tests.serving.certificates import Certificates
from tests.serving.faces import FACES
from tests.serving.fake_server import SIZE, embed

IMAGES = np.random.default_rng(0).integers(0, 256, [3, *SIZE, 3]).astype(np.uint8)
TOKEN = "s3cret-._~+/="


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def files(certificates):
    return certificates.files


@pytest.fixture
def model():
    return fake_server.FakeModel()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_SECONDS", 0.01)


@pytest.fixture(params=FACES)
def serve(request):
    return FACES[request.param]


def ask(face, address, **given):
    with face(address, timeout=10, credentials=Credentials(**given)) as client:
        return client.embed(IMAGES)


class TestTls:
    def test_a_trusted_server_answers(self, serve, model, certificates, files):
        server, face = serve
        with server(model, certificate=certificates.good) as address:
            np.testing.assert_array_equal(ask(face, address, ca=files["ca"]), embed(IMAGES))

    @pytest.mark.parametrize(
        ("shown", "trusted", "says"),
        [
            ("good", "stranger", "of no authority that is trusted here.*--tls_ca"),
            ("expired", "ca", "certificate has expired: its owner has to renew it"),
            ("elsewhere", "ca", "certificate is not for localhost: use the name"),
        ],
    )
    def test_a_certificate_at_fault(self, serve, model, certificates, files, shown, trusted, says):
        server, face = serve
        with server(model, certificate=getattr(certificates, shown)) as address:
            with pytest.raises(TlsFailed, match=says) as error:
                ask(face, address, ca=files[trusted])
            with face(address, credentials=Credentials(ca=files[trusted])) as client:
                with pytest.raises(TlsFailed):  # at once: waiting would change nothing
                    client.wait_ready(timeout=600)
        assert "\n" not in str(error.value) and "OPENSSL" not in str(error.value)

    def test_the_systems_authorities_do_not_know_ours(self, serve, model, certificates):
        server, face = serve
        with server(model, certificate=certificates.good) as address:
            with pytest.raises(TlsFailed, match="of no authority that is trusted here"):
                ask(face, address, tls=True)

    def test_a_server_known_by_another_name(self, serve, model, certificates, files):
        server, face = serve
        with server(model, certificate=certificates.elsewhere) as address:
            ask(face, address, ca=files["ca"], server_name="elsewhere.example")

    def test_a_plain_client_of_a_tls_server(self, serve, model, certificates):
        server, face = serve
        with server(model, certificate=certificates.good) as address:
            with pytest.raises(ServerUnavailable, match="if it speaks TLS.*--tls_ca"):
                ask(face, address.replace("https", "http"))

    def test_a_tls_client_of_a_plain_server(self, serve, model, files):
        server, face = serve
        with server(model) as address:
            with pytest.raises(TlsFailed, match="does not speak TLS there"):
                ask(face, address.replace("http", "https"), ca=files["ca"])

    def test_plain_http_with_certificates_is_refused(self, files):
        with pytest.raises(BadRequest, match="is plain HTTP: say https://"):
            ReIDClient("http://localhost:8501", credentials=Credentials(ca=files["ca"]))


class TestClientCertificates:
    def test_one_that_the_server_trusts(self, model, certificates, files):
        with fake_server.grpc_server(
            model, certificate=certificates.good, client_ca=certificates.ca
        ) as address:
            ask(
                ReIDClient, address,
                ca=files["ca"], certificate=files["client"], key=files["client_key"],
            )  # fmt: skip
            with pytest.raises(ServerUnavailable, match="wants a certificate.*--tls_certificate"):
                ask(ReIDClient, address, ca=files["ca"])

    def test_one_that_the_server_does_not_trust(self, model, certificates, files, tmp_path):
        stranger = certificates.stranger.issue_cert("a-client")
        pem, key = tmp_path / "pem", tmp_path / "key"
        pem.write_bytes(stranger.cert_chain_pems[0].bytes())
        key.write_bytes(stranger.private_key_pem.bytes())
        with fake_server.grpc_server(
            model, certificate=certificates.good, client_ca=certificates.ca
        ) as address:
            with pytest.raises(ServerUnavailable, match="may not accept this client's certificate"):
                ask(ReIDClient, address, ca=files["ca"], certificate=pem, key=key)


def test_a_refused_address_may_hide_a_certificate(files):
    words = "failed to connect to all addresses; last error: [::1]:8500: Connection refused"
    secure, plain = (
        connection.parse("localhost:8500", credentials=credentials)
        for credentials in (Credentials(ca=files["ca"]), None)
    )
    error = connection_error("UNAVAILABLE", words, secure, "reid", 1)
    assert "TLS failed at another address of localhost" in str(error) and error.details == words
    assert "TLS" not in str(connection_error("UNAVAILABLE", words, plain, "reid", 1))


class TestToken:
    def test_the_right_one_opens(self, serve, model):
        server, face = serve
        model.token = TOKEN
        with server(model) as address:
            ask(face, address, token=TOKEN)

    @pytest.mark.parametrize(("given", "says"), [(None, "missing token"), ("no", "wrong token")])
    def test_a_missing_or_wrong_one(self, serve, model, given, says):
        server, face = serve
        model.token = TOKEN
        with server(model) as address:
            with pytest.raises(AccessDenied, match=f"{says}.*--token_file") as error:
                ask(face, address, token=given)
        assert TOKEN not in str(error.value)
        assert not model.requests

    def test_over_tls(self, serve, model, certificates, files):
        server, face = serve
        model.token = TOKEN
        with server(model, certificate=certificates.good) as address:
            ask(face, address, ca=files["ca"], token=TOKEN)

    def test_it_is_not_shown(self):
        assert TOKEN not in repr(Credentials(token=TOKEN))

    def test_in_plain_text_over_a_network_is_warned_of(self, files):
        credentials = Credentials(token=TOKEN)
        with pytest.warns(UserWarning, match="in plain text.*use TLS") as caught:
            ReIDClient("10.0.0.1:8500", credentials=credentials).close()
        assert caught[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ReIDClient("127.0.0.1:8500", credentials=credentials).close()
            safe = Credentials(token=TOKEN, ca=files["ca"])
            ReIDClient("10.0.0.1:8500", credentials=safe).close()


REFUSED = {
    "no such file": (dict(ca="no/ca.pem"), "cannot read the authorities file no/ca.pem: No such"),
    "no certificate": (dict(ca="text"), "text.pem holds no certificate in PEM form"),
    "a key for it": (dict(ca="client_key"), "client_key.pem holds no certificate"),
    "another key": (
        dict(certificate="client", key="other_key"),
        "are no certificate and its private key.*MISMATCH",
    ),
    "no key": (dict(certificate="client", key="text"), "no certificate and its private key"),
    "no such key": (dict(certificate="client", key="no/key.pem"), "cannot read the key file"),
}


@pytest.mark.parametrize("address", ["localhost:8500", "https://localhost:8501"])
@pytest.mark.parametrize(("given", "says"), REFUSED.values(), ids=REFUSED)
def test_files_are_checked_before_anything_is_sent(files, address, given, says):
    paths = {name: files.get(value, value) for name, value in given.items()}
    with pytest.raises(BadRequest, match=says):
        ReIDClient(address, credentials=Credentials(**paths))


@pytest.mark.parametrize("given", [dict(certificate="a.pem"), dict(key="a.pem")])
def test_a_certificate_and_its_key_come_together(given):
    with pytest.raises(BadRequest, match="give both PEM files"):
        Credentials(**given)


@pytest.mark.parametrize("token", ["", " a", "a\nb: c", "a b", "ü", '"a"'])
def test_what_is_no_token_is_refused(token):
    with pytest.raises(BadRequest, match="the token is empty or holds characters"):
        Credentials(token=token)


class TestFlags:
    @pytest.fixture
    def read(self, monkeypatch):
        monkeypatch.delenv(TOKEN_VARIABLE, raising=False)

        def call(*given):
            values = flags.FlagValues()
            define_credential_flags(values)
            values(["command", *map(str, given)])
            return credentials_of(values)

        return call

    def test_nothing_said_is_nothing(self, read):
        assert read() is None

    def test_files_become_credentials(self, read, files, tmp_path):
        (tmp_path / "token").write_text(f"{TOKEN}\nolder-one\n")
        assert read(
            f"--tls_ca={files['ca']}", f"--tls_certificate={files['client']}",
            f"--tls_key={files['client_key']}", f"--token_file={tmp_path / 'token'}",
        ) == Credentials(
            str(files["ca"]), str(files["client"]), str(files["client_key"]), TOKEN
        )  # fmt: skip

    def test_the_token_of_the_environment(self, read, monkeypatch, tmp_path):
        monkeypatch.setenv(TOKEN_VARIABLE, f" {TOKEN}\n")
        assert read().token == TOKEN
        (tmp_path / "token").write_text("another")
        assert read(f"--token_file={tmp_path / 'token'}").token == "another"

    def test_a_file_without_a_token_is_refused(self, read, tmp_path):
        (tmp_path / "empty").write_text("\n\n")
        (tmp_path / "binary").write_bytes(b"\xff\xfe")
        for name, says in (("empty", "is empty"), ("binary", "cannot read"), ("no", "No such")):
            with pytest.raises(BadRequest, match=says):
                read(f"--token_file={tmp_path / name}")

    def test_the_query_command_uses_them(self, model, certificates, files, tmp_path):
        from PIL import Image

        Image.fromarray(IMAGES[0]).save(tmp_path / "query.png")
        (tmp_path / "token").write_text(TOKEN)
        model.token = TOKEN
        with fake_server.grpc_server(model, certificate=certificates.good) as address:
            command = [
                sys.executable, "-m", "serving.query", f"--server={address}",
                f"--image={tmp_path}/query.png", f"--output={tmp_path}/out",
                f"--tls_ca={files['ca']}",
            ]  # fmt: skip
            done = run(*command, f"--token_file={tmp_path}/token")
            assert done.returncode == 0, done.stderr
            np.testing.assert_array_equal(
                np.load(tmp_path / "out" / "query_embedding.npy"), embed(IMAGES[:1])[0]
            )
            done = run(*command)
        assert done.returncode == 2 and done.stderr.count("\n") == 1
        assert "does not know who asks (missing token)" in done.stderr


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60)
