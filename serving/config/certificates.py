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

WHY = {  # by OpenSSL's X509_V_ERR_*
    9: "is not valid yet: look at its dates and the clock",
    10: "has expired: renew it",
}
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
    problems, _ = examine(config)
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


def examine(config):
    """(problems, notes) on an SSLConfig: no problem if a client could connect now."""
    with tempfile.TemporaryDirectory() as folder:  # mode 0700; ssl reads keys from files only
        chain, key = Path(folder) / "chain.pem", Path(folder) / "key.pem"
        chain.write_text(config.server_cert)
        key.write_text(config.server_key)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # A password that is asked for would be asked of a terminal that a server does not have.
            server.load_cert_chain(chain, key, password=_no_password)
        except BadRequest as error:
            return [str(error)], []
        except (ssl.SSLError, ValueError) as error:
            if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
                return ["the server's key does not belong to its certificate: name a pair"], []
            return [
                f"the server's certificate and key do not load ({error}): write them as PEM"
            ], []
    try:
        dated = [("the server's certificate", _verified(server, config.server_cert))]
        dated += [("the clients' authority", found) for found in _authorities(config.custom_ca)]
    except BadRequest as error:
        return [str(error)], []
    return _dates(dated)


def _dates(dated):
    """(problems, notes) on [(what, certificate)]."""
    problems, notes = [], []
    for what, certificate in dated:
        left = ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()
        if left < 0:
            problems.append(f"{what} has expired ({certificate['notAfter']}): renew it")
        elif left < SOON_SECONDS:
            notes.append(f"{what} ends on {certificate['notAfter']}")
    return problems, notes


def _no_password():
    raise BadRequest(
        "the server's key has a password, and TF Serving cannot ask for one: remove it"
    )


def _verified(server, certificate):
    """The certificate as a client sees it that trusts it; raises BadRequest if none could."""
    client = _trusting(certificate)
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the certificate vouches for itself
    try:
        return _handshake(server, client)
    except ssl.SSLCertVerificationError as error:
        sentence = WHY.get(error.verify_code, f"cannot be verified: {error.verify_message}")
        raise BadRequest(f"the server's certificate {sentence}") from error


def _authorities(custom_ca):
    if not custom_ca:
        return []
    try:
        found = _trusting(custom_ca).get_ca_certs()
    except ssl.SSLError as error:
        raise BadRequest(f"the clients' authority does not load: {error.reason}") from error
    if not found:
        raise BadRequest("the clients' authority is no authority: name a CA certificate")
    return found


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
