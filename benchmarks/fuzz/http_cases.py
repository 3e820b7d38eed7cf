"""REST requests with paths, verbs, headers or framing out of order."""

import gzip
import json

from benchmarks.fuzz.case import Case
from benchmarks.fuzz.http_bytes import message
from benchmarks.fuzz.names import weird_name

GOOD_PATH = "/v1/models/demo:predict"
GOOD_BODY = json.dumps({"inputs": {"x": [[1, 2]], "epsilon": 0.5}}).encode()
HOST = ("Host", "localhost")
# Answers below the REST API, as any HTTP server gives them.
HTTP = {
    "HTTP 400",
    "HTTP 404",
    "HTTP 408",
    "HTTP 413",
    "HTTP 414",
    "HTTP 431",
    "HTTP 501",
    "HTTP 505",
}
PATHS = (
    "/", "/v1", "/v1/", "/v1/models", "/v1/models/", "/v1/models//", "/v1/models/demo/",
    "/v1/models/demo", "/v1/models/demo/versions/1", "/v1/models/demo/versions/99/metadata",
    "/v1/models/demo/versions/-1", "/v1/models/demo/versions/" + "9" * 30,
    "/v1/models/demo/labels/stable", "/v1/models/demo/labels/no:predict",
    "/v1/models/demo/metadata", "/v1/models/demo:classify", "/v1/models/demo:regress",
    "/v1/models/demo:predict/", "/v1/models/demo:nothing", "/V1/MODELS/demo:predict",
    "/v1/models/..%2f..%2f..%2fetc%2fpasswd", "/v1/models/../../../etc/passwd:predict",
    "/../../etc/passwd", "/v1/models/%00", "/v1/models/demo%00:predict", "/v1/models/%ff%fe",
    "/v1/models/%", "/v1/models/%zz", "/v1/models/%2", "/v1/models/d%65mo", "/v1/models/%e2%80%ae",
    "/v1/models/demo?x=1", "/v1/models/demo#x", "/v1/models/demo;x", "*", "http://localhost/v1/",
    "//localhost/v1/models/demo", "/v2/models/demo", "/monitoring", "/index.html", "/favicon.ico",
    "/v1/models/" + "a" * 3000, "/v1/models/" + "a" * 70000, "/v1/models/demo/versions/٣",
)  # fmt: skip
VERBS = (
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "PATCH",
    "TRACE",
    "CONNECT",
    "FOO",
    "get",
)


def rest(kind, what, payload, codes, **settings):
    return Case(kind, tuple(what), "rest", "", payload, frozenset(codes), **settings)


def path(rng):
    """Any verb on any path."""
    verb = rng.choice(VERBS[:2] if rng.random() < 0.6 else VERBS)
    target = rng.choice(PATHS)
    if rng.random() < 0.2:
        target = "/v1/models/" + weird_name(rng).replace("\n", "%0a").replace("\r", "%0d")
    body = rng.choice([b"", b"{}", GOOD_BODY]) if verb != "GET" else b""
    headers = [HOST, ("Content-Length", len(body))]
    payload = message(verb, target, headers, body)
    return rest("path", [verb, target[:60]], payload, {"HTTP 200", *HTTP})


def header(rng):
    """Duplicate, missing, lying and endless headers around a body that is in order."""
    length = str(len(GOOD_BODY))
    headers, what = rng.choice(
        [
            ([HOST], "no length"),
            ([HOST, ("Content-Length", "-1")], "negative length"),
            ([HOST, ("Content-Length", "abc")], "no number"),
            ([HOST, ("Content-Length", "1" * 5000)], "length of thousands of digits"),
            ([HOST, ("Content-Length", "9999999999999")], "length beyond the limit"),
            ([HOST, ("Content-Length", "5")], "length too short"),
            ([HOST, ("Content-Length", "+5_0")], "a length that Python would read"),
            ([HOST, ("Content-Length", length), ("Content-Length", "3")], "two lengths"),
            ([HOST, ("Content-Length", length), ("Content-Length", length)], "length twice"),
            (
                [HOST, ("Content-Length", length), ("Transfer-Encoding", "chunked")],
                "length and chunks",
            ),
            ([HOST, ("Transfer-Encoding", "gzip, chunked")], "chunks of gzip"),
            ([HOST, ("Transfer-Encoding", "identity")], "identity"),
            ([HOST, ("Content-Encoding", "gzip"), ("Content-Length", length)], "no gzip"),
            ([HOST, ("Content-Encoding", "br"), ("Content-Length", length)], "brotli"),
            ([("Content-Length", length)], "no host"),
            ([HOST, HOST, ("Content-Length", length)], "two hosts"),
            ([HOST, ("Expect", "100-continue"), ("Content-Length", length)], "expect"),
            ([HOST, ("Upgrade", "h2c"), ("Content-Length", length)], "upgrade"),
            ([HOST, ("X", "y" * 70000), ("Content-Length", length)], "a long header"),
            ([HOST, *[(f"X{i}", i) for i in range(300)]], "many headers"),
            ([HOST, ("Bad Name", "1"), ("Content-Length", length)], "space in a name"),
            ([HOST, ("X", "\x00\x01"), ("Content-Length", length)], "control characters"),
            ([HOST, (" folded", "1"), ("Content-Length", length)], "folded"),
        ]
    )
    version = rng.choice(["HTTP/1.1"] * 6 + ["HTTP/1.0", "HTTP/0.9", "HTTP/9.9", "HTTP/x", ""])
    payload = message("POST", GOOD_PATH, headers, GOOD_BODY, version=version)
    return rest("header", [what, version], payload, {"HTTP 200", *HTTP}, half_close=True)


def chunks(rng):
    """Chunked and compressed bodies that are broken."""
    packed = gzip.compress(GOOD_BODY, mtime=0)
    chunky, zipped = ("Transfer-Encoding", "chunked"), ("Content-Encoding", "gzip")
    flipped = bytearray(packed)
    flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
    bodies = {
        "size is no number": (chunky, b"zz\r\n" + GOOD_BODY),
        "negative size": (chunky, b"-5\r\nhello\r\n0\r\n\r\n"),
        "huge size": (chunky, b"ffffffffffffffff\r\nhello"),
        "size beyond the limit": (chunky, b"80000000\r\nhello"),
        "endless size": (chunky, b"1" * 5000),
        "no line breaks": (chunky, b"5hello0"),
        "wrong size": (chunky, b"3\r\n" + GOOD_BODY + b"\r\n0\r\n\r\n"),
        "signed size": (chunky, b"+%x\r\n%s\r\n0\r\n\r\n" % (len(GOOD_BODY), GOOD_BODY)),
        "many trailers": (chunky, b"0\r\n" + b"a: b\r\n" * 500 + b"\r\n"),
        "gzip bit": (zipped, bytes(flipped)),
        "gzip cut": (zipped, packed[: rng.randrange(1, len(packed))]),
        "gzip and more": (zipped, packed + rng.randbytes(9)),
        "gzip twice": (zipped, gzip.compress(packed, mtime=0)),
        "gzip bomb": (zipped, bomb()),
        "deflate": (zipped, rng.randbytes(40)),
    }
    what = rng.choice(sorted(bodies))
    extra, body = bodies[what]
    headers = [HOST, extra]
    if extra is zipped:
        headers.append(("Content-Length", len(body)))
    payload = message("POST", GOOD_PATH, headers, body)
    return rest("framing", [what], payload, {"HTTP 200", *HTTP}, half_close=True)


_BOMBS = []


def bomb():
    """4 MiB of spaces in 4 KiB."""
    if not _BOMBS:
        _BOMBS.append(gzip.compress(b" " * (4 << 20) + GOOD_BODY, 9, mtime=0))
    return _BOMBS[0]
