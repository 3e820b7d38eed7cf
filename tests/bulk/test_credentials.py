"""A bulk run against a server that wants TLS and a token; the token stays where it was."""

import pickle

import pytest
import trustme

pytest.importorskip("apache_beam", reason="needs Apache Beam: make test-beam")

from export.bulk.backends import ServerBackend, ServerSource  # noqa: E402
from export.bulk.layout import Output  # noqa: E402
from export.bulk.pipeline import Handler, Job, Read, Write  # noqa: E402
from export.bulk.work import Work  # noqa: E402
from serving.credential_flags import TOKEN_VARIABLE  # noqa: E402
from serving.messages import SSLConfig  # noqa: E402
from serving.server.embedded import EmbeddedServer  # noqa: E402
from serving.server.options import Security  # noqa: E402
from tests.commands import assert_refused, call  # noqa: E402

TOKEN = "s3cret-._~+/="


@pytest.fixture
def files(tmp_path):
    """{flag: path} of an authority and a token."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "token").write_text(TOKEN + "\n")
    return {"--tls_ca": folder / "ca.pem", "--token_file": folder / "token"}


@pytest.fixture
def guarded(exported, files):
    """Address of a server that answers who trusts its authority and shows the token."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(files["--tls_ca"])
    own = authority.issue_cert("localhost")
    config = SSLConfig(
        server_key=own.private_key_pem.bytes().decode(),
        server_cert=own.cert_chain_pems[0].bytes().decode(),
    )
    security = Security(ssl_config=config, token_file=str(files["--token_file"]))
    models = {name: str(exported.parents[1] / name) for name in ("reid", "reid_encoded")}
    with EmbeddedServer(models, security=security) as server:
        server.wait_ready()
        yield server.grpc_address


def test_a_guarded_server_is_asked_and_the_token_written_nowhere(
    guarded, files, crops, tmp_path, monkeypatch
):
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    out = tmp_path / "out"
    command = [
        "export.bulk_embed", f"--input={crops[0]}/*/*.png", f"--output={out}",
        f"--server={guarded}", f"--tls_ca={files['--tls_ca']}",
    ]  # fmt: skip
    assert_refused(call(*command), "--token_file")
    assert not out.exists()
    done = call(*command, "--attack=sma", "--steps=1", f"--token_file={files['--token_file']}")
    assert done.returncode == 0, done.stderr
    assert "30 records" in done.stdout and TOKEN not in done.stdout + done.stderr
    written = [path for path in out.rglob("*") if path.is_file()]
    assert len(written) == 6 and not any(TOKEN.encode() in path.read_bytes() for path in written)


def test_what_a_runner_is_sent_holds_no_token(files, monkeypatch):
    given = {}

    class Client:
        def __init__(self, server, model, **settings):
            given.update(settings, server=server, model=model)

        def describe(self):
            return {}

    monkeypatch.setattr("export.bulk.backends.ReIDClient", Client)
    source = ServerSource("host:1", timeout=3.0, token_file=str(files["--token_file"]))
    ServerBackend(source)
    assert given.pop("credentials").token == TOKEN
    assert given == {"server": "host:1", "model": "reid", "timeout": 3.0}
    work, output = Work(None, 0, 4, "m1"), Output("/nowhere", 2, "parquet")
    job = Job(source, work, output, 5, 2000, {})
    for sent in (Read(output, 2000), Handler(source, work), Write(job)):
        assert TOKEN.encode() not in pickle.dumps(sent) and TOKEN not in repr(job)
