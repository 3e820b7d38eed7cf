"""Certificates are tried before a server is started with them."""

import datetime

import pytest
import trustme

from serving.config.certificates import examine, read_ssl_config
from serving.errors import BadRequest
from tests.serving.config.conftest import PAST, write_certificate

FUTURE = {"not_before": datetime.datetime(2200, 1, 1)}


def read(paths):
    return read_ssl_config(paths["key"], paths["certificate"], paths.get("client_ca"))


def test_a_pair_that_belongs_together(certificate):
    config = read(certificate)
    assert config.client_verify and config.custom_ca == certificate["client_ca"].read_text()
    assert config.server_key == certificate["key"].read_text()
    assert examine(config) == ([], [])
    without = read({**certificate, "client_ca": None})
    assert not without.client_verify and not without.custom_ca


@pytest.mark.parametrize(
    ("dates", "message"), [(PAST, "has expired"), (FUTURE, "is not valid yet")]
)
def test_dates(dates, message, authority, tmp_path):
    with pytest.raises(BadRequest, match=message):
        read(write_certificate(authority, tmp_path, **dates))


def test_another_key(authority, certificate, tmp_path):
    other = write_certificate(authority, tmp_path)
    with pytest.raises(BadRequest, match="does not belong to its certificate"):
        read({**certificate, "key": other["key"]})


def test_a_key_with_a_password(certificate, tmp_path):
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(certificate["key"].read_bytes(), None)
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(BadRequest, match="has a password"):
        read({**certificate, "key": locked})


@pytest.mark.parametrize(
    ("which", "content", "message"),
    [
        ("key", None, "--tls_key .* cannot be read"),
        ("certificate", "no PEM", "--tls_certificate .* is no PEM file"),
        ("certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n", "do not load"),
        ("client_ca", None, "--client_ca .* cannot be read"),
    ],
)
def test_files_that_are_none(which, content, message, certificate, tmp_path):
    path = tmp_path / "file.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BadRequest, match=message):
        read({**certificate, which: path})


def test_the_authority_of_clients_is_an_authority(certificate):
    with pytest.raises(BadRequest, match="is no authority"):
        read({**certificate, "client_ca": certificate["certificate"]})


def test_an_end_that_is_near_is_a_note(tmp_path):
    soon = datetime.datetime.now() + datetime.timedelta(days=3)
    authority = trustme.CA()
    config = read(write_certificate(authority, tmp_path, not_after=soon))
    problems, (note,) = examine(config)
    assert not problems
    assert note.startswith("the server's certificate ends on")
