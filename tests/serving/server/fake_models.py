"""A model without TensorFlow that tells what it was asked, and can be made to wait."""

import concurrent.futures
import contextlib
import threading

import numpy as np

from serving.messages import SignatureDef
from serving.server.batch_scheduler import BatchScheduler
from serving.server.batching import BatchedModel
from serving.server.errors import invalid_argument


def signature(inputs, outputs):
    definition = SignatureDef()
    for name in inputs:
        definition.inputs[name].name = f"{name}:0"
    for name in outputs:
        definition.outputs[name].name = f"{name}:0"
    return definition


class FakeModel:
    """Doubles: `y` of each row of `x`, and `total`, which is no row of anything.

    gate: runs wait until it is set. began: counts them as they begin.
    """

    def __init__(self):
        self.signatures = {
            "double": signature(["x"], ["y"]),
            "add": signature(["x", "z"], ["y"]),
            "summed": signature(["x"], ["y", "total"]),
            "part": signature(["x"], ["half"]),
        }
        self.runs = []  # (feeds, timeout_ms)
        self.gate = threading.Event()
        self.gate.set()
        self.began = threading.Semaphore(0)
        self.closed = False

    def run(self, feeds, fetches, *, timeout_ms=None):
        assert not self.closed
        self.runs.append((feeds, timeout_ms))
        self.began.release()
        assert self.gate.wait(30)
        x = feeds["x:0"]
        if x.dtype != object and np.any(x < 0):
            raise invalid_argument("a row is negative")
        if x.dtype != object and np.any(np.isinf(x)):
            raise RuntimeError("a surprise")
        results = {
            "y:0": x + feeds.get("z:0", x),
            "total:0": np.asarray(np.sum(x)),
            "half:0": x[::2],
        }
        return [results[name] for name in fetches]

    @property
    def sizes(self):
        """Rows of each run."""
        return [len(feeds["x:0"]) for feeds, _ in self.runs]

    def close(self):
        self.closed = True


class CountingScheduler(BatchScheduler):
    """Counts what was queued, so that a test can wait for it."""

    def __init__(self, threads):
        self.queued = threading.Semaphore(0)
        super().__init__(threads, "test")

    def submit(self, queue, task):
        pieces = super().submit(queue, task)
        self.queued.release()
        return pieces


class Bench:
    """A batched fake model, and callers that ask it at the same time."""

    def __init__(self, parameters):
        self.model = FakeModel()
        self.scheduler = CountingScheduler(parameters.threads)
        self.batched = BatchedModel(self.model, parameters, self.scheduler)
        self._callers = concurrent.futures.ThreadPoolExecutor(16)

    def ask(self, *rows, signature="double", timeout_ms=None, **more):
        """The outputs for `rows`, each a number or what NumPy makes an array of."""
        definition = self.batched.signatures[signature]
        values = {"x": np.array(rows, np.float32), **more}
        feeds = {definition.inputs[name].name: value for name, value in values.items()}
        fetches = [definition.outputs[name].name for name in sorted(definition.outputs)]
        return self.batched.run(feeds, fetches, timeout_ms=timeout_ms)

    def start(self, *rows, **settings):
        """The same as a future, once it is queued."""
        future = self._callers.submit(self.ask, *rows, **settings)
        assert self.scheduler.queued.acquire(timeout=30)
        return future

    def occupy(self):
        """Has the only thread run a request of its own until `release`; its future."""
        self.model.gate.clear()
        future = self.start(0)
        assert self.model.began.acquire(timeout=30)
        return future

    def release(self):
        self.model.gate.set()

    def stop(self):
        self.release()
        self._callers.shutdown()
        self.batched.close()
        self.scheduler.stop()


@contextlib.contextmanager
def bench(parameters):
    made = Bench(parameters)
    try:
        yield made
    finally:
        made.stop()
