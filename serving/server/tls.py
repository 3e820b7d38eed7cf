"""TLS for gRPC by TensorFlow Serving's --ssl_config_file.

server_key: "-----BEGIN PRIVATE KEY-----.."
server_cert: "-----BEGIN CERTIFICATE-----.."     the chain, the server's own first
custom_ca: "-----BEGIN CERTIFICATE-----.."       whose clients are let in, with
client_verify: true
"""

import datetime
import os
import ssl
import tempfile

import grpc

from serving.errors import ServingError
from serving.messages import SSLConfig
from serving.server.certificates import validity
from serving.server.text_file import read_message

FLAG = "--ssl_config_file"


def read_ssl_config(path):
    """The checked SSLConfig in a file.

    Raises ServingError for what would otherwise show at the first handshake: PEM that cannot be
    read, a key of another certificate, a certificate out of its dates, no authority to verify by.
    """
    config = read_message(path, FLAG, SSLConfig)
    try:
        check(config)
    except ServingError as error:
        raise ServingError(f"{FLAG} {path}: {error}") from error
    return config


def check(config):
    """Raises ServingError where an SSLConfig cannot serve."""
    for field in ("server_key", "server_cert"):
        if not getattr(config, field):
            raise ServingError(f"{field} is missing: the PEM text itself, not a path")
    try:
        not_before, not_after = validity(config.server_cert)
    except ValueError as error:
        raise ServingError(f"server_cert holds {error}") from error
    _check_pair(config.server_cert, config.server_key)
    now = datetime.datetime.now(datetime.timezone.utc)
    if now > not_after:
        raise ServingError(
            f"server_cert expired on {not_after:%Y-%m-%d %H:%M} UTC: renew the certificate"
        )
    if now < not_before:
        raise ServingError(
            f"server_cert is not valid before {not_before:%Y-%m-%d %H:%M} UTC: look at the clock"
        )
    if config.custom_ca:
        try:
            ssl.create_default_context(cadata=config.custom_ca)
        except (ssl.SSLError, ValueError) as error:
            raise ServingError("custom_ca holds no certificate in PEM form") from error
    elif config.client_verify:
        raise ServingError("client_verify needs custom_ca: the authority that signs the clients")


def _check_pair(certificate, key):
    """OpenSSL compares the two; it reads them from a file only."""
    with tempfile.TemporaryDirectory() as folder:  # readable by this user alone
        path = os.path.join(folder, "pair.pem")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(key + "\n" + certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # An empty password, so that an encrypted key fails instead of asking at the terminal.
            context.load_cert_chain(path, password="")
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                raise ServingError("server_key is not the key of server_cert") from error
            raise ServingError(
                "server_key or server_cert is not readable PEM (a key with a password is not)"
            ) from error


def server_credentials(config):
    """gRPC's credentials of a checked SSLConfig."""
    return grpc.ssl_server_credentials(
        [(config.server_key.encode(), config.server_cert.encode())],
        root_certificates=config.custom_ca.encode() or None,
        require_client_auth=config.client_verify,
    )
