"""Runs operations on an asyncio event loop; cancelling one cancels its calls."""

import asyncio
import collections
import contextlib

from serving.calls import AHEAD, Parts, Pause, advance, check_open
from serving.errors import ServingError


class AsyncDriver:
    """Awaits from `transport` what operations want."""

    def __init__(self, transport):
        self._transport = transport
        self._closed = False

    async def run(self, operation):
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
                    outcome = await self._answer(wanted)
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
        try:
            while True:
                underway = [task for task in window if not ended_well(task)]
                while len(underway) < parts.limit and len(window) < AHEAD * parts.limit:
                    operation = next(waiting, None)
                    if operation is None:
                        break
                    window.append(asyncio.create_task(self.run(operation)))
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


def ended_well(task):
    """Whether a task is done; raises its failure, wherever its part stands."""
    if task.done():
        task.result()
    return task.done()
