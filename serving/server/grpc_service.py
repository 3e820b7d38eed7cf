"""The gRPC side: services and methods of TensorFlow Serving, without generated code.

A method that is not in the table is answered UNIMPLEMENTED by gRPC itself.
"""

import concurrent.futures

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from serving.errors import ServingError
from serving.messages import MODEL_SERVICE, PREDICTION_SERVICE
from serving.server.config_reload import refuse_reload, reload_config
from serving.server.grpc_calls import TokenCheck, unary
from serving.server.metadata import get_model_metadata
from serving.server.predict import predict
from serving.server.request_limits import check_tensors
from serving.server.status import get_model_status
from serving.server.tls import server_credentials

INT32_MAX = 2**31 - 1
HEALTHY_SERVICES = ("", "ModelService", "PredictionService")
SPARE_THREADS = 4  # to say that all the others are busy, and for health


class GrpcServer:
    """Listens from the moment it is made; answers after `start`.

    Args:
      address: numeric address to listen on.
      port: 0 picks a free one, then to be found in `port`.
      manager: ModelManager.
      limits: options.Limits.
      security: options.Security.
      tokens: Everybody or TokenFile.
      capacity: Capacity of calls at the same time.
      log: RequestLog.
      health_service: whether to answer grpc.health.v1.

    Raises ServingError if the address can't be had.
    """

    def __init__(
        self, address, port, manager, *, limits, security, tokens, capacity, log, health_service
    ):
        threads = concurrent.futures.ThreadPoolExecutor(
            capacity.running + SPARE_THREADS, thread_name_prefix="grpc"
        )
        self._server = grpc.server(
            threads, interceptors=[TokenCheck(tokens, log)], options=_options(limits)
        )
        for service, answers in _answers(manager, limits, security).items():
            handlers = {
                method: unary(service, method, answer, capacity, log)
                for method, answer in answers.items()
            }
            self._server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(service, handlers),)
            )
        self._health = _add_health(self._server) if health_service else None
        self.port = self._listen(address, port, security.ssl_config)

    def _listen(self, address, port, ssl_config):
        target = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        try:
            if ssl_config is None:
                return self._server.add_insecure_port(target)
            return self._server.add_secure_port(target, server_credentials(ssl_config))
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


def _options(limits):
    return [
        ("grpc.max_receive_message_length", limits.request_bytes),
        ("grpc.max_send_message_length", INT32_MAX),
        ("grpc.so_reuseport", 0),  # a taken port is an error, not a port to share
    ]


def _answers(manager, limits, security):
    """Service -> method -> callable(request, response, record, context)."""

    def run_predict(request, response, record, context):
        spec = request.model_spec
        record.model, record.signature = spec.name, spec.signature_name
        record.rows = check_tensors(request.inputs.values(), limits)
        predict(manager, request, response, timeout_ms=_milliseconds_left(context))
        answered = response.model_spec
        record.version, record.signature = answered.version.value, answered.signature_name

    def about_model(answer):
        def ask(request, response, record, context):
            record.model = request.model_spec.name
            answer(manager, request, response)

        return ask

    reload = reload_config if security.config_reload else refuse_reload
    return {
        PREDICTION_SERVICE: {
            "Predict": run_predict,
            "GetModelMetadata": about_model(get_model_metadata),
        },
        MODEL_SERVICE: {
            "GetModelStatus": about_model(get_model_status),
            "HandleReloadConfigRequest": lambda request, response, record, context: reload(
                manager, request, response
            ),
        },
    }


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
