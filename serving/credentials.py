"""Who asks, and whom to trust: PEM files for TLS and a token, checked before anything is sent."""

import dataclasses
import os
import re
import ssl
from pathlib import Path

from serving.errors import BadRequest

# What RFC 6750 allows after "Bearer"; a line break would start a header of its own.
TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


@dataclasses.dataclass(frozen=True)
class Credentials:
    """What a client shows and trusts. gRPC uses TLS when `ca`, `certificate` or `tls` is given;
    REST when the address starts with https://.

    Args:
      ca: PEM file of the authorities to trust; default: those of the system.
      certificate, key: PEM files of the client's own certificate and private key, for a server that
        wants one.
      token: sent as `authorization: Bearer <token>` with every call.
      tls: use TLS with the system's authorities.
      server_name: the name that the server's certificate has to bear, where the address is another.
    """

    ca: str | os.PathLike | None = None
    certificate: str | os.PathLike | None = None
    key: str | os.PathLike | None = None
    token: str | None = dataclasses.field(default=None, repr=False)
    tls: bool = False
    server_name: str | None = None

    def __post_init__(self):
        if (self.certificate is None) != (self.key is None):
            given, missing = ("certificate", "key") if self.key is None else ("key", "certificate")
            raise BadRequest(f"a client's {given} needs its {missing}: give both PEM files")
        if self.token is not None and not TOKEN.fullmatch(self.token):
            raise BadRequest(
                "the token is empty or holds characters that no token has (letters, digits and "
                "-._~+/= are allowed): copy it again, without quotes and line breaks"
            )

    @property
    def secure(self):
        """Whether TLS is asked for."""
        return bool(self.tls or self.ca or self.certificate)

    @property
    def headers(self):
        """Header (REST) and metadata (gRPC) of every call."""
        return {} if self.token is None else {"authorization": f"Bearer {self.token}"}

    def context(self):
        """An ssl.SSLContext; raises BadRequest where a file is missing or of another kind."""
        context = ssl.create_default_context() if self.ca is None else self._of_authorities()
        if self.certificate is not None:
            pem(self.certificate, "certificate")
            pem(self.key, "key")
            try:
                # A password is never asked for on the terminal.
                context.load_cert_chain(self.certificate, self.key, password="")
            except (ssl.SSLError, ValueError) as error:
                raise BadRequest(
                    f"{self.certificate} and {self.key} are no certificate and its private key, "
                    f"unencrypted and in PEM form: {reason(error)}"
                ) from error
        return context

    def _of_authorities(self):
        text = pem(self.ca, "authorities")
        try:
            return ssl.create_default_context(cadata=text.decode("ascii"))
        except (ssl.SSLError, ValueError) as error:
            raise BadRequest(
                f"{self.ca} holds no certificate in PEM form: {reason(error)}; give the file of "
                "the authority that signed the server's certificate"
            ) from error

    def pem_files(self):
        """(authorities, key, certificate) as bytes for gRPC, each None where there is none."""
        self.context()
        return (
            pem(self.ca, "authorities") if self.ca is not None else system_authorities(),
            pem(self.key, "key") if self.key is not None else None,
            pem(self.certificate, "certificate") if self.certificate is not None else None,
        )


def pem(path, what):
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise BadRequest(
            f"cannot read the {what} file {path}: {error.strerror or error}; give a PEM file"
        ) from error


def system_authorities():
    """PEM of the system's trusted authorities; None (gRPC's own list) where it has no such file."""
    path = ssl.get_default_verify_paths().cafile
    return Path(path).read_bytes() if path else None


def reason(error):
    return getattr(error, "reason", None) or str(error) or type(error).__name__
