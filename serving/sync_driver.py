"""Runs operations in the caller's thread; the network works side by side on their calls."""

import collections
import contextlib
import itertools
import queue
import time

from serving.calls import AHEAD, Parts, Pause, advance, check_open
from serving.errors import ServerBusy, ServingError


class SyncDriver:
    """Asks `transport` for what operations want; may be used by several threads."""

    def __init__(self, transport):
        self._transport = transport
        self._closed = False

    def run(self, operation):
        """Returns what the operation returns."""
        check_open(self._closed)
        outcome = None
        with contextlib.closing(operation):
            while True:
                try:
                    wanted = advance(operation, outcome)
                except StopIteration as end:
                    return end.value
                try:
                    outcome = self._answer(wanted)
                except ServingError as error:
                    outcome = error

    def stream(self, operation):
        """Yields the answers of the Parts that the operation returns."""
        yield from self._parts(self.run(operation))

    def close(self):
        self._closed = True
        self._transport.close()

    def _answer(self, wanted):
        if isinstance(wanted, Parts):
            return list(self._parts(wanted))
        if isinstance(wanted, Pause):
            return time.sleep(wanted.seconds)
        return self._transport.call(wanted)

    def _parts(self, parts):
        waiting = iter(parts.operations)
        first = list(itertools.islice(waiting, 2))
        if len(first) == 1:  # alone it may block, which is faster
            yield self.run(first[0])
            return
        underway = _Underway(self._transport)
        waiting = enumerate(itertools.chain(first, waiting))
        answers, given = {}, 0  # {index: answer}; how many were handed over
        try:
            while True:
                while underway.count < min(parts.limit, AHEAD * parts.limit - len(answers)):
                    index, operation = next(waiting, (None, None))
                    if operation is None:
                        break
                    answers |= underway.step(index, operation, None)
                if given in answers:
                    yield answers.pop(given)
                    given += 1
                elif underway.count:
                    answers |= underway.wait()
                else:
                    return
        finally:
            underway.cancel()


class _Underway:
    """Operations of which each waits for one call; all of them run in the caller's thread.

    A call for which the server had no room while others of these were under way is made again when
    one of them was answered: on a small server it is they that fill it.
    """

    def __init__(self, transport):
        self._transport = transport
        self._ended = queue.SimpleQueue()
        self._running = {}  # future -> (index, operation, call)
        self._held = collections.deque()  # (index, operation, call)

    @property
    def count(self):
        return len(self._running) + len(self._held)

    def step(self, index, operation, outcome):
        """Resumes one operation; returns {index: answer} where it is done, {} where it goes on."""
        try:
            call = advance(operation, outcome)
        except StopIteration as end:
            return {index: end.value}
        self._start(index, operation, call)
        return {}

    def _start(self, index, operation, call):
        future = self._transport.start(call)
        self._running[future] = index, operation, call
        future.add_done_callback(self._ended.put)

    def wait(self):
        """Waits for a call to end and resumes its operation."""
        future = self._ended.get()
        index, operation, call = self._running.pop(future)
        try:
            outcome = self._transport.result(call, future)
        except ServingError as error:
            if isinstance(error, ServerBusy) and self._running:
                self._held.append((index, operation, call))
                return {}
            outcome = error
        answers = self.step(index, operation, outcome)
        if self._held:
            self._start(*self._held.popleft())
        return answers

    def cancel(self):
        for future, (_, operation, _) in self._running.items():
            future.cancel()
            operation.close()
        for _, operation, _ in self._held:
            operation.close()
