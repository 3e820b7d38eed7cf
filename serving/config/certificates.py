"""Whether a certificate and its key can serve, tried in a TLS handshake within this process.

Only Python's ssl: parsing certificates by hand, or a library for it, would tell no more.
"""

import contextlib
import ssl
import tempfile
import time
from pathlib import Path

from serving.config.protos import SSLConfig
from serving.errors import BadRequest

EXPIRED, NOT_YET_VALID = 10, 9  # OpenSSL's X509_V_ERR_*
SOON_SECONDS = 14 * 24 * 3600


def read_ssl_config(key, certificate, client_ca):
    """SSLConfig of PEM files; client certificates are demanded with a `client_ca`.

    Raises BadRequest for what cannot be read, does not belong together or is out of date.
    """
    config = SSLConfig(
        server_key=_pem(key, "--tls_key"), server_cert=_pem(certificate, "--tls_certificate")
    )
    if client_ca:
        config.custom_ca = _pem(client_ca, "--client_ca")
        config.client_verify = True
    problems = certificate_problems(config)
    if problems:
        raise BadRequest(problems[0])
    return config


def _pem(path, flag):
    try:
        text = Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"{flag} {path} cannot be read as PEM: {error}") from error
    if "-----BEGIN " not in text:
        raise BadRequest(f"{flag} {path} is no PEM file, which begins with -----BEGIN")
    return text


def certificate_problems(config):
    """Sentences on an SSLConfig; none if a client could connect now."""
    with tempfile.TemporaryDirectory() as folder:  # mode 0700; ssl reads keys from files only
        chain, key = Path(folder) / "chain.pem", Path(folder) / "key.pem"
        chain.write_text(config.server_cert)
        key.write_text(config.server_key)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # A password that is asked for would be asked of a terminal that a server does not have.
            server.load_cert_chain(chain, key, password=_no_password)
        except BadRequest as error:
            return [str(error)]
        except (ssl.SSLError, ValueError) as error:
            if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
                return ["the server's key does not belong to its certificate: name a pair"]
            return [f"the server's certificate and key do not load ({error}): write them as PEM"]
    return [*_handshake_problems(server, config.server_cert), *_ca_problems(config.custom_ca)]


def _no_password():
    raise BadRequest(
        "the server's key has a password, and TF Serving cannot ask for one: remove it"
    )


def _handshake_problems(server, certificate):
    client = _trusting(certificate)
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the certificate vouches for itself
    try:
        found = _handshake(server, client)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code == EXPIRED:
            return ["the server's certificate has expired: renew it"]
        if error.verify_code == NOT_YET_VALID:
            return ["the server's certificate is not valid yet: look at its dates and the clock"]
        return [f"no client could verify the server's certificate: {error.verify_message}"]
    return _expiry("the server's certificate", found)


def _ca_problems(custom_ca):
    if not custom_ca:
        return []
    try:
        authorities = _trusting(custom_ca).get_ca_certs()
    except ssl.SSLError as error:
        return [f"the authority of the clients' certificates does not load: {error.reason}"]
    if not authorities:
        return ["the authority of the clients' certificates is no authority: name a CA certificate"]
    return [s for found in authorities for s in _expiry("the clients' authority", found)]


def _expiry(what, found):
    ends = ssl.cert_time_to_seconds(found["notAfter"])
    return [f"{what} has expired ({found['notAfter']}): renew it"] if ends < time.time() else []


def expires_soon(config):
    """Notes: what of a valid SSLConfig ends within two weeks."""
    found = {
        "the server's certificate": _trusting(config.server_cert),
        "the clients' authority": _trusting(config.custom_ca) if config.custom_ca else None,
    }
    return [
        f"{what} ends on {certificate['notAfter']}"
        for what, context in found.items()
        if context
        for certificate in context.get_ca_certs()
        if ssl.cert_time_to_seconds(certificate["notAfter"]) < time.time() + SOON_SECONDS
    ]


def _trusting(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # the names in it are for clients to compare
    context.load_verify_locations(cadata=authority)
    return context


def _handshake(server, client):
    """The server's certificate as the client has verified it; raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client_end = client.wrap_bio(to_client, to_server)
    server_end = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):  # flights of a TLS 1.2 handshake; 1.3 needs fewer
        for end in (client_end, server_end):
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
    return client_end.getpeercert()
