"""The gRPC side: services and methods of TensorFlow Serving, without generated code.

A method that is not in the table is answered UNIMPLEMENTED by gRPC itself.
"""

import concurrent.futures
import logging
import threading

import grpc
from google.protobuf.message import DecodeError
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from serving.errors import ServingError
from serving.messages import MODEL_SERVICE, PREDICTION_SERVICE, SERVICES
from serving.server.errors import StatusError, truncated
from serving.server.metadata import get_model_metadata
from serving.server.predict import predict
from serving.server.status import get_model_status

logger = logging.getLogger(__name__)

INT32_MAX = 2**31 - 1
OPTIONS = [
    ("grpc.max_receive_message_length", INT32_MAX),
    ("grpc.max_send_message_length", INT32_MAX),
    ("grpc.so_reuseport", 0),  # a taken port is an error, not a port to share
]
HEALTHY_SERVICES = ("", "ModelService", "PredictionService")
SPARE_THREADS = 4  # to say that all the others are busy, and for health


class GrpcServer:
    """Listens from the moment it is made; answers after `start`.

    Args:
      address: numeric address to listen on.
      port: 0 picks a free one, then to be found in `port`.
      manager: ModelManager.
      max_calls: calls at the same time; one more is refused.
      health_service: whether to answer grpc.health.v1.

    Raises ServingError if the address can't be had.
    """

    def __init__(self, address, port, manager, *, max_calls, health_service):
        self._slots = threading.BoundedSemaphore(max_calls)
        threads = concurrent.futures.ThreadPoolExecutor(
            max_calls + SPARE_THREADS, thread_name_prefix="grpc"
        )
        self._server = grpc.server(threads, options=OPTIONS)
        methods = {
            PREDICTION_SERVICE: {
                "Predict": lambda request, response, context: predict(
                    manager, request, response, timeout_ms=_milliseconds_left(context)
                ),
                "GetModelMetadata": lambda request, response, context: get_model_metadata(
                    manager, request, response
                ),
            },
            MODEL_SERVICE: {
                "GetModelStatus": lambda request, response, context: get_model_status(
                    manager, request, response
                ),
            },
        }
        for service, answers in methods.items():
            handlers = {name: self._handler(service, name, answers[name]) for name in answers}
            self._server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(service, handlers),)
            )
        self._health = _add_health(self._server) if health_service else None
        try:
            host = f"[{address}]" if ":" in address else address
            self.port = self._server.add_insecure_port(f"{host}:{port}")
        except RuntimeError as error:
            raise ServingError(
                f"cannot listen for gRPC on {address} port {port}; is it taken? "
                "choose another --port"
            ) from error

    def start(self):
        self._server.start()

    def stop(self, grace):
        """Takes no new calls and leaves those under way up to `grace` seconds.

        Returns at once, with an event that is set when the last call is answered.
        """
        if self._health is not None:
            self._health.enter_graceful_shutdown()
        return self._server.stop(grace)

    def _handler(self, service, name, answer):
        request_class, response_class = SERVICES[service][name]

        def call(content, context):
            if not self._slots.acquire(blocking=False):
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Server Threadpool Exhausted")
            try:
                request, response = _parse(request_class, content), response_class()
                answer(request, response, context)
                return response
            except StatusError as error:
                failure = error
            except Exception as error:  # a surprise costs one call, not the server
                logger.exception("%s failed", name)
                failure = StatusError(grpc.StatusCode.INTERNAL, str(error))
            finally:
                self._slots.release()
            context.abort(failure.code, truncated(failure.message))

        return grpc.unary_unary_rpc_method_handler(
            call,
            response_serializer=response_class.SerializeToString,
        )


def _parse(request_class, content):
    """The message in the bytes; gRPC, left to itself, logs a traceback for each that is none."""
    try:
        return request_class.FromString(content)
    except DecodeError as error:
        raise StatusError(
            grpc.StatusCode.INTERNAL, f"not a {request_class.DESCRIPTOR.name}: {error}"
        ) from error


def _milliseconds_left(context):
    """The client's deadline bounds the run; None where it set none."""
    seconds = context.time_remaining()
    return None if seconds is None else min(seconds * 1000, INT32_MAX)


def _add_health(server):
    service = health.HealthServicer()
    for name in HEALTHY_SERVICES:
        service.set(name, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(service, server)
    return service
