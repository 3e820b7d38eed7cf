"""A large input in parts that one request holds, and how far they have come."""

import itertools

from serving.errors import BadRequest
from serving.images import as_batch


def in_parts(batch, size):
    """Yields slices of at most `size` images of pixels or Files."""
    for start in range(0, len(batch), size):
        yield slice(start, min(start + size, len(batch)))


def streamed(images, size):
    """Yields batches of at most `size` from an iterator of images, taken when they are needed."""
    images, first = iter(images), 0
    while items := list(itertools.islice(images, size)):
        yield as_batch(items, first)
        first += len(items)
    if not first:
        raise BadRequest("no images given: the iterator ended before its first one")


class Counter:
    """Tells `progress(done, total)`, a function or None, after each part; total may be None."""

    def __init__(self, progress, total):
        self._progress = progress
        self._total = total
        self._done = 0

    def after(self, operation, count):
        """Operation: the given one, which is for `count` images, and then the telling."""
        answer = yield from operation
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self._total)
        return answer
