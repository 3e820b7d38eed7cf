"""Who may ask: `authorization: Bearer <token>`, for gRPC and REST alike.

TensorFlow Serving leaves this to a proxy in front of it.
"""

import hashlib
import hmac
import logging
import os
import threading

from grpc import StatusCode

from serving.errors import ServingError
from serving.server.errors import StatusError

logger = logging.getLogger(__name__)

HEADER = "authorization"
_SCHEME = "bearer "
MISSING = "a token is needed: send the header `authorization: Bearer <token>`"
WRONG = "the token is not one of this server's"


class Everybody:
    """No token is asked for."""

    def check(self, header):
        pass


class TokenFile:
    """Lets in who knows a token of a file: one a line, several while they are rotated.

    The file is read again when it changes. One that is gone or empty by then lets nobody in.

    Raises ServingError when the file cannot be read or holds no token at the start.
    """

    def __init__(self, path):
        self._path = path
        self._reading = threading.Lock()
        self._seen = _stamp(path)
        try:
            self._digests = _digests(path)
        except OSError as error:
            raise ServingError(f"cannot read --token_file {path}: {error.strerror}") from error
        if not self._digests:
            raise ServingError(f"--token_file {path} holds no token: write one a line")

    def check(self, header):
        """Raises StatusError UNAUTHENTICATED unless the header's value holds a token."""
        if not header or not header.lower().startswith(_SCHEME):
            raise StatusError(StatusCode.UNAUTHENTICATED, MISSING)
        self._refresh()
        digest = _digest(header[len(_SCHEME) :].strip())
        # Every token is compared, in constant time: the time taken tells nothing.
        matches = [hmac.compare_digest(digest, known) for known in self._digests]
        if not any(matches):
            raise StatusError(StatusCode.UNAUTHENTICATED, WRONG)

    def _refresh(self):
        with self._reading:  # nobody is measured by the old tokens while another reads the new
            stamp = _stamp(self._path)
            if stamp == self._seen:
                return
            self._seen = stamp  # before reading, so that a change meanwhile is seen next time
            try:
                self._digests = _digests(self._path)
            except OSError:
                self._digests = []
        logger.info("read --token_file again: %d tokens", len(self._digests))


def _stamp(path):
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _digests(path):
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return [_digest(line.strip()) for line in file if line.strip()]


def _digest(token):
    """Of one length whatever the token's, so that a comparison does not tell that either."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
