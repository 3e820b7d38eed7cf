"""The flags that become Credentials, the same for each command that calls a server."""

import os
from pathlib import Path

from absl import flags

from serving.credentials import Credentials
from serving.errors import BadRequest

TOKEN_VARIABLE = "KERAS_REID_TOKEN"  # noqa: S105 - the name of a variable


def define_credential_flags(into=flags.FLAGS):
    """--tls_ca, --tls_certificate, --tls_key, --token_file."""
    for name, text in {
        "tls_ca": "PEM file of the authority that signed the server's certificate; turns TLS on.",
        "tls_certificate": "PEM file of this client's certificate, where the server wants one.",
        "tls_key": "PEM file of the private key that belongs to --tls_certificate.",
        "token_file": "File whose first line is the token that the server wants; default: the "
        f"environment variable {TOKEN_VARIABLE}.",
    }.items():
        flags.DEFINE_string(name, None, text, flag_values=into)


def credentials_of(values=flags.FLAGS):
    """What the flags say as Credentials; None where they say nothing."""
    token = read_token(values.token_file)
    if not (values.tls_ca or values.tls_certificate or values.tls_key or token):
        return None
    return Credentials(
        ca=values.tls_ca, certificate=values.tls_certificate, key=values.tls_key, token=token
    )


def read_token(path):
    """The first line of a file with something on it, or else the environment's token, or None."""
    if path is None:
        return os.environ.get(TOKEN_VARIABLE, "").strip() or None
    try:
        lines = Path(path).read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        told = getattr(error, "strerror", None) or error
        raise BadRequest(f"cannot read --token_file {path}: {told}; give a text file") from error
    if not lines:
        raise BadRequest(f"--token_file {path} is empty: write the token on its first line")
    return lines[0]
