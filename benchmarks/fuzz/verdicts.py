"""What the server has to show while it is fuzzed, and afterwards."""

import time

from serving.errors import ServerFailure, ServingError

WARM_SHARE = 0.1  # of the requests, before memory is measured for the first time
GROWTH = 1.25  # of memory from then on
SLACK = 32 << 20  # bytes that allocators may hold beside that
SPARE_THREADS = 16  # of gRPC and of TensorFlow, made when first needed
SPARE_SOCKETS = 4
LOOK_SECONDS = 5.0
SETTLE_SECONDS = 20.0


class Watch:
    """Looks at the server now and then: a known answer, and memory."""

    def __init__(self, server, known, total):
        self._server, self._known = server, known
        self._first = total * WARM_SHARE
        self._last = time.monotonic()
        self.before = self.warm = server.resources()
        self.measured = False
        self.rss = []  # (requests so far, bytes)
        self.checks, self.wrong = 0, []

    def look(self, tally, *, now=False):
        if self._server.exit_code is not None:
            # Nobody answered those that followed: the one at fault is near the first finding.
            first = min((found["index"] for found in tally.findings), default=None)
            raise ServerFailure(
                f"the server ended with exit code {self._server.exit_code} after about "
                f"{tally.done} requests; the first finding is index {first}; its log: "
                f"{_end_of(self._server.text())}"
            )
        if not self.measured and tally.done >= self._first:
            self.warm, self.measured = self._server.resources(), True
        if not now and time.monotonic() - self._last < LOOK_SECONDS:
            return
        self._last = time.monotonic()
        self.rss.append((tally.done, self._server.resources().rss))
        self.checks += 1
        try:
            self.wrong += self._known.wrong()
        except ServingError as error:
            self.wrong.append(str(error))


def _end_of(log):
    """From where Python tells of a crash, or the last lines."""
    crash = log.find("Fatal Python error")
    return log[crash:][:4000] if crash >= 0 else log[-4000:]


def settled(server, wanted_sockets):
    """Resources once the connections of clients that left are gone, or after SETTLE_SECONDS."""
    end = time.monotonic() + SETTLE_SECONDS
    while (found := server.resources()).sockets > wanted_sockets and time.monotonic() < end:
        time.sleep(0.1)
    return found


def verdicts(server, tally, watch):
    """{"counts", "findings", "bars", ..}: each bar with its figure and whether it is reached."""
    watch.look(tally, now=True)
    after = settled(server, watch.before.sockets)
    rss_bar = watch.warm.rss * GROWTH + SLACK
    internal = sum(n for (kind, code), n in tally.counts.items()
                   if code in ("INTERNAL", "HTTP 500") and kind != "frame")  # fmt: skip
    bars = [
        bar("findings", tally.problems.total(), 0),
        bar("INTERNAL beside bytes that are no message", internal, 0),
        bar("wrong known answers", len(watch.wrong), 0),
        bar("memory afterwards, bytes", after.rss, round(rss_bar)),
        bar("threads afterwards", after.threads, watch.warm.threads + SPARE_THREADS),
        bar("sockets afterwards", after.sockets, watch.before.sockets + SPARE_SOCKETS),
        bar("tracebacks in the log", server.tracebacks(), 0),
    ]
    counts = {}
    for (kind, status), number in sorted(tally.counts.items()):
        counts.setdefault(kind, {})[status] = number
    return {
        "bars": bars,
        "counts": counts,
        "findings": tally.findings,
        "slowest_seconds": {kind: round(s, 3) for kind, s in sorted(tally.slowest.items())},
        "known_answers": {"checked": watch.checks, "wrong": watch.wrong},
        "resources": {
            "warm": vars(watch.warm), "after": vars(after), "rss": watch.rss,
        },
    }  # fmt: skip


def bar(figure, value, most):
    return {"figure": figure, "value": value, "at_most": most, "reached": value <= most}
