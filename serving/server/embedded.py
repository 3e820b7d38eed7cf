"""The development model server as an object: load, listen, answer, drain.

with EmbeddedServer({"reid": "models/reid"}) as server:
    client = ReIDClient(server.grpc_address, model="reid")
"""

import os
import socket
import time

from serving.errors import DeadlineExceeded, ServerFailure, ServingError
from serving.server.batching import Batching
from serving.server.grpc_service import GrpcServer
from serving.server.http import HttpServer
from serving.server.loader import LoadedModel
from serving.server.manager import ModelConfig, ModelManager
from serving.server.rest_api import RestApi
from serving.server.servable import AVAILABLE, END
from serving.server.warmup import warm_up

THREADS_PER_CORE = 4
GRACE_SECONDS = 30.0  # how long `stop` waits for requests under way
READY_POLL_SECONDS = 0.05


class EmbeddedServer:
    """Serves models as TensorFlow Serving does, within this process.

    Args:
      models: {name: base path}, or ModelConfigs. A base path is the directory above the versions.
      port: for gRPC; 0 picks a free one.
      rest_port: for REST; 0 picks a free one, None means no REST.
      host: address to listen on; nobody is asked for a password there.
      poll_seconds: how often new versions are looked for; 0 means never.
      grpc_max_threads, rest_num_threads: requests at the same time; None is four for each core.
      rest_timeout_ms: longest run for a REST request; a gRPC request brings its own deadline.
      health_service: whether to answer grpc.health.v1.
      warm_up_iterations: how often a model's warm-up requests are run; 0 means never.
      session_parallelism: threads of TensorFlow's pools; 0 is one for each core.
      unavailable_labels: accept labels of versions that are not loaded.
      batching: BatchingParameters by which concurrent requests are merged; None: they are not.
      per_model_batching: merge only for versions with a batching_params.pbtxt, and by that.
    """

    def __init__(
        self,
        models,
        *,
        port=0,
        rest_port=0,
        host="localhost",
        poll_seconds=1.0,
        grpc_max_threads=None,
        rest_num_threads=None,
        rest_timeout_ms=30_000,
        health_service=False,
        warm_up_iterations=1,
        session_parallelism=0,
        unavailable_labels=False,
        batching=None,
        per_model_batching=False,
    ):
        self._batching = Batching(batching, per_model=per_model_batching)
        self.manager = ModelManager(
            _configs(models),
            _model_loader(warm_up_iterations, session_parallelism, self._batching),
            poll_seconds=poll_seconds,
            unavailable_labels=unavailable_labels,
        )
        default_threads = THREADS_PER_CORE * (os.cpu_count() or 1)
        self._host = host
        self._ports = port, rest_port
        self._grpc_settings = {
            "max_calls": grpc_max_threads or default_threads,
            "health_service": health_service,
        }
        self._rest_threads = rest_num_threads or default_threads
        self._rest_api = RestApi(self.manager, timeout_ms=rest_timeout_ms)
        self._grpc = self._http = None

    @property
    def names(self):
        """The models' names."""
        return self.manager.names

    def start(self):
        """Loads the models, then opens the ports. Raises ServingError if either can't be done."""
        try:
            self.manager.start()
            self._listen()
        except BaseException:
            self.stop(grace=0)
            raise
        return self

    def _listen(self):
        port, rest_port = self._ports
        address = _numeric(self._host)
        host = f"[{self._host}]" if ":" in self._host else self._host
        self._grpc = GrpcServer(address, port, self.manager, **self._grpc_settings)
        self.grpc_address = f"{host}:{self._grpc.port}"
        self.rest_address = None
        if rest_port is not None:
            try:
                self._http = HttpServer(
                    address, rest_port, self._rest_api, max_requests=self._rest_threads
                )
            except OSError as error:
                raise ServingError(
                    f"cannot listen for REST on {address} port {rest_port}: {error.strerror}; "
                    "choose another --rest_api_port"
                ) from error
            self.rest_address = f"http://{host}:{self._http.port}"
            self._http.start()
        self._grpc.start()

    def wait_ready(self, timeout=60.0, version=None):
        """Waits until every model serves (this `version`); raises ServingError if one can't."""
        deadline = time.monotonic() + timeout
        for name in self.manager.names:
            while not self._is_ready(name, version):
                if time.monotonic() > deadline:
                    raise DeadlineExceeded(f"model {name!r} not available after {timeout} s")
                time.sleep(READY_POLL_SECONDS)

    def _is_ready(self, name, version):
        servables = self.manager.version_states(name)
        if version is not None:
            servables = [servable for servable in servables if servable.version == version]
        failed = [s for s in servables if s.state == END and s.error]
        if failed and len(failed) == len(servables):
            raise ServerFailure(f"version {failed[-1].version} of {name!r}: {failed[-1].error}")
        return any(servable.state == AVAILABLE for servable in servables)

    def stop(self, grace=GRACE_SECONDS):
        """Takes no new requests, answers those under way for up to `grace` seconds, unloads."""
        answered = self._grpc.stop(grace) if self._grpc is not None else None
        if self._http is not None:
            self._http.stop(grace)
        if answered is not None:
            answered.wait()
        self.manager.stop()
        self._batching.stop()
        self._grpc = self._http = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc_info):
        self.stop()


def _numeric(host):
    """One address for both ports: gRPC alone would be content with half of `localhost`."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ServingError(f"cannot listen on {host}: {error.strerror}") from error
    addresses = [entry[4][0] for entry in found]
    return next((address for address in addresses if ":" not in address), addresses[0])


def _configs(models):
    if isinstance(models, dict):
        return [
            ModelConfig(name=name, base_path=os.path.abspath(base_path))
            for name, base_path in models.items()
        ]
    return list(models)


def _model_loader(warm_up_iterations, parallelism, batching):
    def load(path):
        model = LoadedModel(path, parallelism=parallelism)
        try:
            model = batching.wrap(model, path)
            if warm_up_iterations:
                warm_up(model, path, iterations=warm_up_iterations)
        except BaseException:
            model.close()
            raise
        return model

    return load
