"""TLS by --ssl_config_file: who is served, who is not, and files that cannot serve."""

import datetime

import grpc
import pytest
import trustme

from serving.errors import ServingError
from serving.server.certificates import validity
from serving.server.embedded import EmbeddedServer
from serving.server.options import Security
from serving.server.tls import read_ssl_config
from tests.serving.server.clients import TIMEOUT, RestClient
from tests.serving.server.test_request_log import status_call

NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority):
    return authority.issue_cert("localhost")


def key_of(certificate):
    return certificate.private_key_pem.bytes().decode()


def chain_of(certificate):
    return "".join(pem.bytes().decode() for pem in certificate.cert_chain_pems)


def write(folder, certificate, authority=None, **fields):
    """A file with an SSLConfig; `fields` replace what the certificates say."""
    texts = {"server_key": key_of(certificate), "server_cert": chain_of(certificate)}
    if authority is not None:
        texts["custom_ca"] = authority.cert_pem.bytes().decode()
    lines = []
    for name, value in {**texts, **fields}.items():
        quoted = value if isinstance(value, bool) else '"' + value.replace("\n", "\\n") + '"'
        lines.append(f"{name}: {quoted}".replace("True", "true"))
    path = folder / "ssl.config"
    path.write_text("\n".join(lines))
    return path


def serve(saved_models, path):
    security = Security(ssl_config=read_ssl_config(path))
    return EmbeddedServer({"single": saved_models / "single"}, security=security)


def ask(address, credentials=None):
    """The status code of a call over TLS, or in plain text without credentials."""
    channel = (
        grpc.secure_channel(address, credentials)
        if credentials is not None
        else grpc.insecure_channel(address)
    )
    with channel:
        return status_call(channel, timeout=TIMEOUT if credentials else 2)


def trusting(authority, client=None):
    if client is None:
        return grpc.ssl_channel_credentials(authority.cert_pem.bytes())
    return grpc.ssl_channel_credentials(
        authority.cert_pem.bytes(), key_of(client).encode(), chain_of(client).encode()
    )


def test_grpc_is_encrypted_and_rest_stays_plain(saved_models, tmp_path, authority, certificate):
    with serve(saved_models, write(tmp_path, certificate)) as server:
        assert ask(server.grpc_address, trusting(authority)) == "OK"
        assert ask(server.grpc_address, trusting(trustme.CA())) == "UNAVAILABLE"
        assert ask(server.grpc_address) in ("UNAVAILABLE", "DEADLINE_EXCEEDED")
        assert RestClient(server.rest_address).get("/v1/models/single")[0] == 200


def test_client_verify_lets_in_clients_of_the_authority_only(
    saved_models, tmp_path, authority, certificate
):
    path = write(tmp_path, certificate, authority, client_verify=True)
    with serve(saved_models, path) as server:
        known = authority.issue_cert("client")
        assert ask(server.grpc_address, trusting(authority, known)) == "OK"
        assert ask(server.grpc_address, trusting(authority)) == "UNAVAILABLE"
        stranger = trustme.CA().issue_cert("client")
        assert ask(server.grpc_address, trusting(authority, stranger)) == "UNAVAILABLE"


NOISE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
BAD = {
    "no key": ({"server_key": ""}, "server_key is missing"),
    "no certificate": ({"server_cert": ""}, "server_cert is missing"),
    "a path for PEM": ({"server_cert": "/etc/cert.pem"}, "server_cert holds no certificate"),
    "PEM of noise": ({"server_cert": NOISE}, "server_cert holds no certificate"),
    "a key of noise": ({"server_key": "key"}, "server_key or server_cert is not readable PEM"),
    "authority of noise": ({"custom_ca": "x"}, "custom_ca holds no certificate"),
    "nobody to verify by": ({"client_verify": True}, "client_verify needs custom_ca"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_serve_is_one_sentence(tmp_path, certificate, case):
    fields, words = BAD[case]
    path = write(tmp_path, certificate, **fields)
    with pytest.raises(ServingError, match=words) as caught:
        read_ssl_config(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_the_key_of_another_certificate_is_refused(tmp_path, authority, certificate):
    other = key_of(authority.issue_cert("localhost"))
    with pytest.raises(ServingError, match="not the key of server_cert"):
        read_ssl_config(write(tmp_path, certificate, server_key=other))


def test_a_certificate_out_of_its_dates_is_refused_with_the_date(tmp_path, authority):
    expired = authority.issue_cert("localhost", not_before=NOW - 9 * DAY, not_after=NOW - DAY)
    with pytest.raises(ServingError, match=f"expired on {NOW - DAY:%Y-%m-%d}.*renew"):
        read_ssl_config(write(tmp_path, expired))
    early = authority.issue_cert("localhost", not_before=NOW + DAY, not_after=NOW + 2 * DAY)
    with pytest.raises(ServingError, match=f"not valid before {NOW + DAY:%Y-%m-%d}"):
        read_ssl_config(write(tmp_path, early))


@pytest.mark.parametrize("years", [1, 40])  # UTCTime until 2049, GeneralizedTime from then on
def test_dates_are_read_as_they_were_written(authority, years):
    end = (NOW + years * 365 * DAY).replace(microsecond=0)
    certificate = authority.issue_cert("localhost", not_before=NOW - DAY, not_after=end)
    assert validity(chain_of(certificate)) == ((NOW - DAY).replace(microsecond=0), end)


@pytest.mark.parametrize("pem", ["", "nonsense", NOISE, NOISE.replace("AAAA", "MAMwAQ==")])
def test_what_is_no_certificate_is_a_value_error(pem):
    with pytest.raises(ValueError, match="no certificate"):
        validity(pem)
