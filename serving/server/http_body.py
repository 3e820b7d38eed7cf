"""The bytes of a request body: of known length or chunked, plain or gzip."""

import zlib

from serving.server.errors import invalid_argument

BODY_LIMIT = 2**31 - 1  # bytes, also once unpacked; as for gRPC
_PIECE = 1 << 20


def read_body(headers, stream):
    """Reads the body that the headers announce from the connection.

    Raises StatusError where it is malformed or larger than 2 GiB.
    """
    if "chunked" in headers.get("Transfer-Encoding", "").lower():
        body = _read_chunks(stream)
    else:
        body = _read_exactly(stream, _length(headers.get("Content-Length", "0")))
    if headers.get("Content-Encoding", "").strip().lower() == "gzip" and body:
        return _unpack(body)
    return body


def _length(digits, base=10):
    try:
        length = int(digits, base)
    except ValueError:
        length = -1
    if length < 0:
        raise invalid_argument(f"Malformed length of request body: {digits[:20]!r}")
    if length > BODY_LIMIT:
        raise invalid_argument(f"Request body of {length} bytes is larger than {BODY_LIMIT}")
    return length


def _read_exactly(stream, length):
    body = stream.read(length) if length else b""
    if len(body) < length:
        raise invalid_argument("Request body ended early")
    return body


def _read_chunks(stream):
    chunks, total = [], 0
    while True:
        length = _length(stream.readline(100).split(b";")[0].strip().decode("latin-1"), 16)
        if length == 0:
            while stream.readline(65536).strip():  # trailers
                pass
            return b"".join(chunks)
        total += length
        if total > BODY_LIMIT:
            raise invalid_argument(f"Request body is larger than {BODY_LIMIT} bytes")
        chunks.append(_read_exactly(stream, length))
        stream.readline(3)


def _unpack(body):
    """Piece by piece, so that a small body can't grow without end."""
    unpacker = zlib.decompressobj(wbits=31)
    pieces, total = [], 0
    try:
        while not unpacker.eof:
            piece = unpacker.decompress(body, _PIECE)
            body = unpacker.unconsumed_tail
            if not piece and not body:
                raise invalid_argument("Request body is not valid gzip: it ends early")
            pieces.append(piece)
            total += len(piece)
            if total > BODY_LIMIT:
                raise invalid_argument(f"Request body is larger than {BODY_LIMIT} bytes")
    except zlib.error as error:
        raise invalid_argument(f"Request body is not valid gzip: {error}") from error
    return b"".join(pieces)
