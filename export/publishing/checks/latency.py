"""How long one image takes on a warm server."""

import time

import numpy as np

CALLS = 30


def measure(wire, request, calls=CALLS):
    """{"p50_ms", "p95_ms", "calls", "signature"} of a request for one row, one after the other."""
    message = request.first(1).message()
    wire.predict(message)
    seconds = []
    for _ in range(calls):
        start = time.perf_counter()
        wire.predict(message)
        seconds.append(time.perf_counter() - start)
    p50, p95 = (float(1000 * np.percentile(seconds, q)) for q in (50, 95))
    return {"p50_ms": p50, "p95_ms": p95, "calls": calls, "signature": request.signature}
