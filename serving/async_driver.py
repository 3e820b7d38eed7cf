"""Runs operations on an asyncio event loop; cancelling one cancels its calls."""

import asyncio
import collections
import contextlib
import functools

from serving.calls import AHEAD, Parts, Pause, advance, check_open
from serving.errors import ServerBusy, ServingError


class AsyncDriver:
    """Awaits from `transport` what operations want."""

    def __init__(self, transport):
        self._transport = transport
        self._closed = False

    async def run(self, operation, room=None):
        """Returns what the operation returns; room: the _Room of those beside it, if any are."""
        check_open(self._closed)
        outcome = None
        with contextlib.closing(operation):
            while True:
                try:
                    wanted = advance(operation, outcome)
                except StopIteration as end:
                    return end.value
                try:
                    answer = functools.partial(self._answer, wanted)
                    outcome = await (room.answer(answer) if room else answer())
                except ServingError as error:
                    outcome = error

    async def stream(self, operation):
        """Yields the answers of the Parts that the operation returns."""
        async with contextlib.aclosing(self._parts(await self.run(operation))) as answers:
            async for answer in answers:
                yield answer

    async def close(self):
        self._closed = True
        await self._transport.close()

    async def _answer(self, wanted):
        if isinstance(wanted, Parts):
            return [answer async for answer in self._parts(wanted)]
        if isinstance(wanted, Pause):
            return await asyncio.sleep(wanted.seconds)
        return await self._transport.call(wanted)

    async def _parts(self, parts):
        waiting = iter(parts.operations)
        window = collections.deque()  # tasks in the order of their parts
        room = _Room()
        try:
            while True:
                underway = [task for task in window if not ended_well(task)]
                while len(underway) < parts.limit and len(window) < AHEAD * parts.limit:
                    operation = next(waiting, None)
                    if operation is None:
                        break
                    window.append(asyncio.create_task(self.run(operation, room)))
                    underway.append(window[-1])
                if not window:
                    return
                if window[0].done():
                    yield window.popleft().result()
                else:
                    await asyncio.wait(underway, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in window:
                task.cancel()
            await asyncio.gather(*window, return_exceptions=True)


class _Room:
    """Lets a call for which the server had no room wait until another one of ours ended.

    On a small server it is they that fill it.
    """

    def __init__(self):
        self._underway = 0
        self._held = 0
        self._ended = asyncio.Semaphore(0)

    async def answer(self, ask):
        """Awaits `ask()`, again where it has to be."""
        while True:
            self._underway += 1
            is_held = False
            try:
                return await ask()
            except ServerBusy:
                is_held = self._underway > 1  # else none of ours is in the way
                if not is_held:
                    raise
            finally:
                self._underway -= 1
                if self._held and not is_held:
                    self._held -= 1
                    self._ended.release()
            self._held += 1
            await self._ended.acquire()


def ended_well(task):
    """Whether a task is done; raises its failure, wherever its part stands."""
    if task.done():
        task.result()
    return task.done()
