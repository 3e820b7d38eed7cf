"""Runs that wait to be merged: their inputs, and a promise of their outputs."""

import concurrent.futures
import time

from grpc import StatusCode

from serving.server.errors import StatusError, invalid_argument


class Task:
    """One run, or a piece of a large one.

    Args:
      feeds: {tensor name: ndarray}, each with `rows` rows.
      rows: of this task.
      deadline: on the clock of time.monotonic; None for none.
    """

    __slots__ = ("feeds", "rows", "deadline", "_outcome")

    def __init__(self, feeds, rows, deadline):
        self.feeds = feeds
        self.rows = rows
        self.deadline = deadline
        self._outcome = concurrent.futures.Future()

    def pieces(self, first, size):
        """The same rows as tasks of `first`, then of up to `size` rows; itself if one is enough."""
        if self.rows <= first:
            return [self]
        bounds = [0, *range(first, self.rows, size), self.rows]
        return [
            Task(
                {name: value[start:stop] for name, value in self.feeds.items()},
                stop - start,
                self.deadline,
            )
            for start, stop in zip(bounds, bounds[1:], strict=False)
        ]

    def wait(self):
        """The outputs, {tensor name: ndarray}; raises what the run raised.

        At the deadline the caller goes, whatever its batch is doing.
        """
        left = None if self.deadline is None else max(0.0, self.deadline - time.monotonic())
        try:
            return self._outcome.result(left)
        except concurrent.futures.TimeoutError:
            raise timed_out() from None

    def is_late(self):
        """Whether its caller has gone."""
        return self.deadline is not None and self.deadline <= time.monotonic()

    def answer(self, outputs):
        self._outcome.set_result(outputs)

    def fail(self, error):
        self._outcome.set_exception(error)


def timed_out():
    """TensorFlow Serving says the same with RESOURCE_EXHAUSTED, which a client would retry."""
    return StatusError(
        StatusCode.DEADLINE_EXCEEDED, "Run() timeout exceeded while waiting in batching queue"
    )


def batch_size(feeds):
    """Rows of a run; raises INVALID_ARGUMENT, as TensorFlow Serving does, where it has none."""
    if not feeds:
        raise invalid_argument("Batching Run() must have at least one input tensor")
    if any(value.ndim == 0 for value in feeds.values()):
        raise invalid_argument("Batching Run() input tensors must have at least one dimension")
    sizes = {len(value) for value in feeds.values()}
    if len(sizes) > 1:
        raise invalid_argument("Batching Run() input tensors must have equal 0th-dimension size")
    return sizes.pop()


def milliseconds_left(tasks):
    """Until the last of their deadlines, so that none is cut short by another's; None for never."""
    deadlines = [task.deadline for task in tasks]
    if None in deadlines:
        return None
    return (max(deadlines) - time.monotonic()) * 1000
