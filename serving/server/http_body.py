"""The bytes of a request body: of known length or chunked, plain or gzip."""

import time
import zlib

from grpc import StatusCode

from serving.server.errors import StatusError, invalid_argument
from serving.server.request_limits import body_too_large

BODY_SECONDS = 120  # a body that takes longer holds a place that others wait for
_PIECE = 1 << 20


def read_body(headers, stream, limit):
    """Reads the body that the headers announce from the connection.

    Raises StatusError where it is malformed, too slow or larger than `limit` bytes, also once
    unpacked.
    """
    source = _Source(stream, limit)
    if "chunked" in headers.get("Transfer-Encoding", "").lower():
        source.read_chunks()
    else:
        source.read(_length(headers.get("Content-Length", "0")))
    if headers.get("Content-Encoding", "").strip().lower() == "gzip" and source.body:
        return _unpack(source.body, limit)
    return bytes(source.body)


class _Source:
    """A connection and what came from it so far."""

    def __init__(self, stream, limit):
        self._stream = stream
        self._limit = limit
        self._deadline = time.monotonic() + BODY_SECONDS
        self.body = bytearray()

    def read(self, length):
        end = len(self.body) + length
        if end > self._limit:
            raise body_too_large(end, self._limit)
        while len(self.body) < end:
            piece = self._receive(self._stream.read1, min(end - len(self.body), _PIECE))
            if not piece:
                raise invalid_argument("Request body ended early")
            self.body += piece

    def read_chunks(self):
        while True:
            line = self._receive(self._stream.readline, 100)
            length = _length(line.split(b";")[0].strip().decode("latin-1"), 16)
            if length == 0:
                while self._receive(self._stream.readline, 65536).strip():  # trailers
                    pass
                return
            self.read(length)
            self._receive(self._stream.readline, 3)

    def _receive(self, receive, size):
        try:
            data = receive(size)
        except TimeoutError:
            data = b""
        if time.monotonic() > self._deadline:
            raise StatusError(
                StatusCode.DEADLINE_EXCEEDED, f"Request body took more than {BODY_SECONDS} s"
            )
        return data


def _length(digits, base=10):
    try:
        length = int(digits, base)
    except ValueError:
        length = -1
    if length < 0:
        raise invalid_argument(f"Malformed length of request body: {digits[:20]!r}")
    return length


def _unpack(body, limit):
    """Piece by piece, so that a small body can't grow without end."""
    unpacker = zlib.decompressobj(wbits=31)
    unpacked = bytearray()
    try:
        for start in range(0, len(body) + _PIECE, _PIECE):  # the last one is empty
            packed = bytes(body[start : start + _PIECE])
            while not unpacker.eof:
                piece = unpacker.decompress(packed, _PIECE)
                packed = unpacker.unconsumed_tail
                unpacked += piece
                if len(unpacked) > limit:
                    raise body_too_large(len(unpacked), limit)
                if not packed and len(piece) < _PIECE:
                    break
    except zlib.error as error:
        raise invalid_argument(f"Request body is not valid gzip: {error}") from error
    if not unpacker.eof:
        raise invalid_argument("Request body is not valid gzip: it ends early")
    return bytes(unpacked)
