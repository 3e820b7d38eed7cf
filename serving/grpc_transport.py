"""TF Serving's gRPC services, called without TensorFlow: blocking, as futures, and on asyncio."""

import grpc
from grpc import aio

from serving import grpc_format
from serving.grpc_options import channel_of
from serving.messages import SERVICES
from serving.tls_errors import connection_error


class _Channel:
    """What both transports do with one channel to a serving.connection.Target."""

    def __init__(self, target, channel):
        self._target = target
        self._channel = channel
        self._metadata = tuple(target.credentials.headers.items())
        self._methods = {
            method: channel.unary_unary(
                f"/{service}/{method}",
                request_serializer=request.SerializeToString,
                response_deserializer=response.FromString,
            )
            for service, methods in SERVICES.items()
            for method, (request, response) in methods.items()
        }

    def begin(self, call, how="__call__"):
        """What the method of the call returns; `how` names another way of calling it."""
        method = getattr(self._methods[grpc_format.METHODS[type(call)]], how)
        timeout = self._target.limited(call.timeout)
        request = grpc_format.request_of(call, self._target.label)
        return method(request, timeout=timeout, metadata=self._metadata)

    def answer(self, call, response):
        return grpc_format.answer_of(call, response, self._target.address)

    def failed(self, call, error):
        timeout = self._target.limited(call.timeout)
        return connection_error(
            error.code().name, error.details() or "", self._target, call.model, timeout
        )

    def close(self):
        return self._channel.close()


class GrpcTransport:
    """Calls that block, or that are started and asked for later."""

    def __init__(self, target):
        self._channel = _Channel(target, channel_of(target))

    def call(self, call):
        """Returns the answer; raises a ServingError."""
        try:
            response = self._channel.begin(call)
        except grpc.RpcError as error:
            raise self._channel.failed(call, error) from error
        return self._channel.answer(call, response)

    def start(self, call):
        """Returns a future, which `result` understands and `cancel()` ends."""
        return self._channel.begin(call, "future")

    def result(self, call, future):
        """The answer to a call that was started."""
        try:
            response = future.result()
        except grpc.RpcError as error:
            raise self._channel.failed(call, error) from error
        return self._channel.answer(call, response)

    def close(self):
        self._channel.close()


class AsyncGrpcTransport:
    """The same on the event loop of the first call."""

    def __init__(self, target):
        self._target = target
        self._channel = None

    async def call(self, call):
        """Returns the answer; raises a ServingError."""
        if self._channel is None:  # a channel belongs to the loop that runs when it is made
            self._channel = _Channel(self._target, channel_of(self._target, aio))
        try:
            response = await self._channel.begin(call)
        except grpc.RpcError as error:
            raise self._channel.failed(call, error) from error
        return self._channel.answer(call, response)

    async def close(self):
        if self._channel is not None:
            await self._channel.close()
