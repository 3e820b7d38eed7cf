"""Connections used as they should not be, on both ports: pipelines, pauses, other protocols."""

from benchmarks.fuzz import grpc_cases, requests
from benchmarks.fuzz.case import Case
from benchmarks.fuzz.http_bytes import message
from benchmarks.fuzz.http_cases import GOOD_BODY, GOOD_PATH, HOST, HTTP, rest

TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def pipelined(rng):
    """Requests one after the other without waiting, garbage among them."""
    good = message("POST", GOOD_PATH, [HOST, ("Content-Length", len(GOOD_BODY))], GOOD_BODY)
    status = message("GET", "/v1/models/demo", [HOST])
    parts = [
        rng.choice([good, status, b"\r\n", rng.randbytes(8)]) for _ in range(rng.randint(2, 5))
    ]
    codes = {"HTTP 200", *HTTP}
    return rest(
        "pipelined", [str(len(parts) + 1)], b"".join([*parts, good]), codes, half_close=True
    )


def slow(rng):
    """A request in pieces, with a pause between them."""
    payload = message("POST", GOOD_PATH, [HOST, ("Content-Length", len(GOOD_BODY))], GOOD_BODY)
    split = tuple(sorted(rng.sample(range(1, len(payload)), 2)))
    return rest("in pieces", [], payload, {"HTTP 200"}, split=split)


def garbage(rng):
    """Bytes of another protocol, or of none, to either port; half-open connections."""
    port = rng.choice(["grpc", "rest"])
    content = rng.choice(
        [
            b"", rng.randbytes(rng.choice([1, 20, 3000])), TLS_HELLO,
            b"SSH-2.0-OpenSSH_9\r\n", b"\r\n\r\n", b"GET", b"GET / HTTP/1.1\r\n", b"\x00" * 100,
            PREFACE, PREFACE + rng.randbytes(30), PREFACE[: rng.randrange(24)],
            PREFACE + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" + rng.randbytes(60),
            PREFACE + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01",
            message("POST", GOOD_PATH, [HOST, ("Content-Length", "1000")], b"half"),
            grpc_cases.damaged(requests.predict(rng).SerializeToString(), rng)[0][:500],
        ]
    )  # fmt: skip
    half_close = rng.random() < 0.7
    return Case(
        "garbage", (port,), "raw", port, content, frozenset({"CLOSED", "ANSWERED"} if half_close
        else {"CLOSED", "ANSWERED", "SILENT"}), timeout=20.0 if half_close else 0.1,
        half_close=half_close,
    )  # fmt: skip
