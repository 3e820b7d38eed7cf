"""HTTP requests as bytes, written by hand: a library would refuse to send what is tried here."""

import gzip

from benchmarks.fuzz.case import Case


def message(method, path, headers=(), body=b"", *, version="HTTP/1.1"):
    """The bytes of a request; `headers` are (name, value) pairs, sent as they are."""
    lines = [f"{method} {path} {version}", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace") + body


def predict_case(kind, what, rng, body, codes, *, model):
    """A POST of `body` in one of the framings that are all in order."""
    path = f"/v1/models/{model}:predict"
    framing = rng.choice(["length", "length", "length", "chunked", "gzip"])
    headers = [("Host", "localhost"), ("Content-Type", "application/json")]
    if framing == "gzip" and body:
        body = gzip.compress(body, 1, mtime=0)
        headers.append(("Content-Encoding", "gzip"))
    if framing == "chunked":
        headers.append(("Transfer-Encoding", "chunked"))
        body = chunked(body, rng)
    else:
        headers.append(("Content-Length", str(len(body))))
    return Case(
        kind, (*what, framing), "rest", path, message("POST", path, headers, body),
        frozenset(codes),
    )  # fmt: skip


def chunked(body, rng):
    """The body in chunks of odd sizes, with or without extensions and trailers."""
    pieces, rest = [], body
    while rest:
        size = rng.randint(1, max(1, len(rest)))
        extension = rng.choice([b"", b"", b";a=b"])
        pieces.append(b"%x%s\r\n%s\r\n" % (size, extension, rest[:size]))
        rest = rest[size:]
    return b"".join(pieces) + b"0\r\n" + rng.choice([b"", b"X-Trailer: 1\r\n"]) + b"\r\n"
