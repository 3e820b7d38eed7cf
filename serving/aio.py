"""The client of `serving.client` on asyncio.

from serving.aio import AsyncReIDClient

async with AsyncReIDClient("localhost:8500", model="reid") as client:
    embeddings = await client.embed(["a.jpg", "b.jpg"])
    async for part in client.embed_iter(paths):
        ...
"""

from serving.async_driver import AsyncDriver
from serving.face import Client
from serving.grpc_transport import AsyncGrpcTransport
from serving.rest_transport import AsyncRestTransport


class AsyncReIDClient(Client):
    """`serving.client.ReIDClient` with methods to await; `embed_iter` is for `async for`.

    It belongs to the event loop of its first call. Cancelling a method cancels its requests. Files
    and iterators are read on the loop, between requests. Arguments: see ReIDClient.
    """

    def _connect(self, target):
        transport = AsyncGrpcTransport if target.scheme == "grpc" else AsyncRestTransport
        return AsyncDriver(transport(target))

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.close()
