"""The two ports of a server, with everything that a request passes behind them."""

import ipaddress
import socket

from grpc import StatusCode

from serving.errors import ServingError
from serving.server import capacity, monitoring
from serving.server.capacity import Capacity
from serving.server.grpc_service import GrpcServer
from serving.server.http import HttpServer
from serving.server.http_request import Front
from serving.server.metrics import Metrics
from serving.server.request_log import RequestLog
from serving.server.rest_api import RestApi
from serving.server.tokens import Everybody, TokenFile

GRPC_FULL = StatusCode.RESOURCE_EXHAUSTED, "Server Threadpool Exhausted"
REST_FULL = StatusCode.UNAVAILABLE, "The server's queue of REST requests is full; try again later"


class Doors:
    """Closed until `open`.

    Args:
      manager: ModelManager.
      limits, security, observing: groups of `options`.
      health_service: whether to answer grpc.health.v1.

    Raises ServingError where a file of the options cannot be used.
    """

    def __init__(self, manager, limits, security, observing, *, health_service):
        self.metrics = Metrics()
        self.grpc_address = self.rest_address = None
        self.is_exposed = False  # whether other machines can reach the ports
        self._grpc = self._http = None
        tokens = TokenFile(security.token_file) if security.token_file else Everybody()
        log = RequestLog(self.metrics, manager, log_requests=observing.log_requests)
        calls = Capacity("GRPC", limits.grpc_calls, 0, GRPC_FULL)
        predictions = Capacity("REST", limits.rest_running, limits.rest_waiting, REST_FULL)
        self._capacities = calls, predictions
        capacity.watch(self.metrics, self._capacities)
        monitoring.watch(self.metrics, manager)
        self._manager = manager
        self._grpc_settings = {
            "limits": limits,
            "security": security,
            "tokens": tokens,
            "capacity": calls,
            "log": log,
            "health_service": health_service,
        }
        self._rest_api = RestApi(manager, limits)
        self._front = Front(
            limits=limits,
            tokens=tokens,
            capacity=predictions,
            log=log,
            registry=self.metrics,
            prometheus_path=observing.prometheus_path,
        )

    def open(self, host, port, rest_port):
        """Listens and answers; raises ServingError where an address can't be had."""
        address = _numeric(host)
        self.is_exposed = not ipaddress.ip_address(address.partition("%")[0]).is_loopback
        shown = f"[{host}]" if ":" in host else host
        self._grpc = GrpcServer(address, port, self._manager, **self._grpc_settings)
        self.grpc_address = f"{shown}:{self._grpc.port}"
        if rest_port is not None:
            try:
                self._http = HttpServer(address, rest_port, self._rest_api, self._front)
            except OSError as error:
                raise ServingError(
                    f"cannot listen for REST on {address} port {rest_port}: {error.strerror}; "
                    "choose another --rest_api_port"
                ) from error
            self.rest_address = f"http://{shown}:{self._http.port}"
            self._http.start()
        self._grpc.start()

    def close(self, grace):
        """Refuses new requests and waits up to `grace` seconds for those under way.

        Returns whether all of them were answered.
        """
        answered = self._grpc.stop(grace) if self._grpc is not None else None
        complete = self._http is None or self._http.stop(grace)
        if answered is not None:
            answered.wait()
        self._grpc = self._http = None
        # At the end of the grace gRPC cancels what is left: a model may still be at work on it.
        return complete and not any(capacity.working for capacity in self._capacities)


def _numeric(host):
    """One address for both ports: gRPC alone would be content with half of `localhost`."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ServingError(f"cannot listen on {host}: {error.strerror}") from error
    addresses = [entry[4][0] for entry in found]
    return next((address for address in addresses if ":" not in address), addresses[0])
