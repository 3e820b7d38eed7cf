"""A large input in parts that one request holds, and how far they have come."""

import itertools

from serving.errors import BadRequest
from serving.images import as_batch

# What one request holds at most, so that our client's default fits our server's: 64 MiB of message
# or JSON and 2^24 values, where a list counts as a value, too. As JSON a value of a pixel takes up
# to six bytes and a file a third more than its own.
PIXEL_BYTES = 8 * 2**20
FILE_BYTES = 32 * 2**20


def in_parts(batch, size):
    """Yields slices of at most `size` images of pixels or Files."""
    for start in range(0, len(batch), size):
        yield slice(start, min(start + size, len(batch)))


def fitting(size, image_bytes):
    """At most `size` images, fewer where so many would make too large a request; at least one."""
    return max(1, min(size, PIXEL_BYTES // image_bytes))


def by_bytes(encoded):
    """Yields slices of [N] bytes objects that one request holds; each has one at least."""
    start, total = 0, 0
    for index, content in enumerate(encoded):
        if index > start and total + len(content) > FILE_BYTES:
            yield slice(start, index)
            start, total = index, 0
        total += len(content)
    yield slice(start, len(encoded))


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
