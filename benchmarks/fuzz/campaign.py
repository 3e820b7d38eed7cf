"""A hundred thousand cases against one server, in chunks that processes take in turns."""

import collections
import concurrent.futures
import dataclasses
import multiprocessing
import time

from benchmarks.fuzz.cases import case_of
from benchmarks.fuzz.judge import finding
from benchmarks.fuzz.send import Sender

CHUNK = 100
THREADS = 3  # of each process: one waits while another makes its request
KEPT = 5  # findings of a sort in full


@dataclasses.dataclass
class Tally:
    """Counts of (kind, status) and (kind, problem), findings, the slowest answer of each kind."""

    counts: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    problems: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    findings: list = dataclasses.field(default_factory=list)
    slowest: dict = dataclasses.field(default_factory=dict)

    def add(self, seed, index, case, outcome):
        self.counts[case.kind, outcome.status] += 1
        self.slowest[case.kind] = max(self.slowest.get(case.kind, 0.0), outcome.seconds)
        problem = finding(case, outcome)
        if problem is None:
            return
        self.problems[case.kind, problem] += 1
        if self.problems[case.kind, problem] <= KEPT:
            self.findings.append(
                {
                    "seed": seed, "index": index, "problem": problem,
                    "details": outcome.details[:500], **case.summary(),
                }
            )  # fmt: skip

    def merge(self, other):
        self.counts += other.counts
        for found in other.findings:
            if self.problems[found["kind"], found["problem"]] < KEPT:
                self.findings.append(found)
        self.problems += other.problems
        for kind, seconds in other.slowest.items():
            self.slowest[kind] = max(self.slowest.get(kind, 0.0), seconds)

    @property
    def done(self):
        return sum(self.counts.values())


def run_one(addresses, seed, index):
    """(Case, Outcome) of one index: what --only shows."""
    sender = Sender(*addresses)
    try:
        case = case_of(seed, index)
        return case, sender.send(case)
    finally:
        sender.close()


_SENDER = None


def _connect(*addresses):
    global _SENDER
    _SENDER = Sender(*addresses)


def _run_chunk(seed, indices):
    """Tally of some indices, in a process of its own; the threads share channel and GIL."""

    def one(index):
        case = case_of(seed, index)
        return index, case, _SENDER.send(case)

    tally = Tally()
    with concurrent.futures.ThreadPoolExecutor(THREADS) as threads:
        for result in threads.map(one, indices):
            tally.add(seed, *result)
    return tally


def run_all(addresses, seed, indices, *, processes, after_chunk):
    """Sends the cases of `indices`, a range; returns the Tally.

    after_chunk(tally) is called in between with all results so far; what it raises ends the run.
    """
    tally = Tally()
    context = multiprocessing.get_context("spawn")
    chunks = [indices[start : start + CHUNK] for start in range(0, len(indices), CHUNK)]
    with concurrent.futures.ProcessPoolExecutor(
        processes, mp_context=context, initializer=_connect, initargs=addresses
    ) as pool:
        try:
            for found in pool.map(_run_chunk, [seed] * len(chunks), chunks):
                tally.merge(found)
                after_chunk(tally)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return tally


class Progress:
    """A line every few seconds: how far, how fast, how long yet."""

    def __init__(self, total, say, *, every=5.0):
        self._total, self._say, self._every = total, say, every
        self._started = self._last = time.monotonic()

    def tell(self, tally):
        now = time.monotonic()
        if now - self._last < self._every and tally.done < self._total:
            return
        self._last = now
        rate = tally.done / max(now - self._started, 1e-9)
        left = (self._total - tally.done) / rate
        self._say(
            f"{tally.done} of {self._total} requests, {rate:.0f} a second, "
            f"{tally.problems.total()} findings, {left:.0f} s left"
        )
