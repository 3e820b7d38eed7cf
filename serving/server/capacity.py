"""So many requests at the same time and, above that, so many waiting; the rest are refused."""

import contextlib
import threading

from grpc import StatusCode

from serving.server import metrics
from serving.server.errors import StatusError


class Capacity:
    """Places for requests. A request takes a place first, then waits for its turn.

    Args:
      entrypoint: GRPC or REST, the label of its metrics.
      running: requests worked on at the same time.
      waiting: places above that.
      refusal: (StatusCode, message) of a request that finds no place.
    """

    def __init__(self, entrypoint, running, waiting, refusal):
        self.entrypoint = entrypoint
        self.running = running
        self._places = running + waiting
        self._refusal = refusal
        self._turns = threading.BoundedSemaphore(running)
        self._lock = threading.Lock()
        self._placed = self._working = 0

    @property
    def working(self):
        return self._working

    @property
    def waiting(self):
        return max(self._placed - self._working, 0)

    @contextlib.contextmanager
    def place(self):
        """Holds a place; raises StatusError at once where none is free."""
        with self._lock:
            if self._placed >= self._places:
                raise StatusError(*self._refusal)
            self._placed += 1
        try:
            yield
        finally:
            with self._lock:
                self._placed -= 1

    @contextlib.contextmanager
    def turn(self, timeout_ms):
        """Holds a turn; raises StatusError where none came free in time."""
        if not self._turns.acquire(timeout=timeout_ms / 1000):
            raise StatusError(
                StatusCode.DEADLINE_EXCEEDED, f"Waited for {timeout_ms} ms in the server's queue"
            )
        with self._lock:
            self._working += 1
        try:
            yield
        finally:
            with self._lock:
                self._working -= 1
            self._turns.release()


def watch(registry, capacities):
    """Adds the gauges of some Capacities."""
    for name, read in {
        metrics.ALLOWED: lambda capacity: capacity.running,
        metrics.IN_PROGRESS: lambda capacity: capacity.working,
        metrics.WAITING: lambda capacity: capacity.waiting,
    }.items():
        registry.gauge(name, lambda read=read: {(c.entrypoint,): read(c) for c in capacities})
