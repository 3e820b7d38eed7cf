"""Both faces of the client behind one, so that every property is asked of both."""

import asyncio

from serving.aio import AsyncReIDClient
from serving.client import ReIDClient
from tests.serving import fake_server


class OnLoop:
    """An AsyncReIDClient that can be called like a ReIDClient."""

    def __init__(self, *arguments, **settings):
        self._client = AsyncReIDClient(*arguments, **settings)
        self._loop = asyncio.new_event_loop()
        self.server = self._client.server

    def embed_iter(self, *arguments, **settings):
        parts = self._client.embed_iter(*arguments, **settings)
        while (part := self._loop.run_until_complete(anext(parts, None))) is not None:
            yield part

    def __getattr__(self, name):
        method = getattr(self._client, name)
        return lambda *arguments, **settings: self._loop.run_until_complete(
            method(*arguments, **settings)
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._loop.run_until_complete(self._client.close())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


SERVERS = {"grpc": fake_server.grpc_server, "rest": fake_server.rest_server}
CLIENTS = {"blocking": ReIDClient, "asyncio": OnLoop}
# Name -> (server, client) of every combination.
FACES = {
    f"{transport}-{face}": (server, client)
    for transport, server in SERVERS.items()
    for face, client in CLIENTS.items()
}
