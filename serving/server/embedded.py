"""The development model server as an object: load, listen, answer, drain.

with EmbeddedServer({"reid": "models/reid"}) as server:
    client = ReIDClient(server.grpc_address, model="reid")
"""

import os
import time

from serving.errors import DeadlineExceeded, ServerFailure
from serving.server.batching import Batching
from serving.server.doors import Doors
from serving.server.loader import LoadedModel
from serving.server.manager import ModelConfig, ModelManager
from serving.server.options import Limits, Loading, Observing, Security
from serving.server.servable import END
from serving.server.warmup import warm_up

GRACE_SECONDS = 30.0  # how long `stop` waits for requests under way
READY_POLL_SECONDS = 0.05


class EmbeddedServer:
    """Serves models as TensorFlow Serving does, within this process.

    Args:
      models: {name: base path}, or ModelConfigs. A base path is the directory above the versions.
      port: for gRPC; 0 picks a free one.
      rest_port: for REST; 0 picks a free one, None means no REST.
      host: address to listen on.
      poll_seconds: how often new versions are looked for; 0 means never.
      unavailable_labels: accept labels of versions that are not loaded.
      health_service: whether to answer grpc.health.v1.
      limits, security, observing, loading: see `serving.server.options`.
    """

    def __init__(
        self,
        models,
        *,
        port=0,
        rest_port=0,
        host="localhost",
        poll_seconds=1.0,
        unavailable_labels=False,
        health_service=False,
        limits=Limits(),  # noqa: B008
        security=Security(),  # noqa: B008
        observing=Observing(),  # noqa: B008
        loading=Loading(),  # noqa: B008
    ):
        observing.check(rest_port)
        self._batching = Batching(loading.batching, per_model=loading.per_model_batching)
        self.manager = ModelManager(
            _configs(models),
            _model_loader(loading, self._batching),
            poll_seconds=poll_seconds,
            unavailable_labels=unavailable_labels,
        )
        self._doors = Doors(
            self.manager, limits, security, observing, health_service=health_service
        )
        self._place = host, port, rest_port

    @property
    def names(self):
        """The models' names."""
        return self.manager.names

    @property
    def grpc_address(self):
        """host:port, once started."""
        return self._doors.grpc_address

    @property
    def rest_address(self):
        """http://host:port, once started, or None without REST."""
        return self._doors.rest_address

    @property
    def is_exposed(self):
        """Whether other machines can reach the ports, once started."""
        return self._doors.is_exposed

    @property
    def metrics(self):
        """serving.server.metrics.Metrics of this server."""
        return self._doors.metrics

    def start(self):
        """Loads the models, then opens the ports. Raises ServingError if either can't be done."""
        try:
            self.manager.start()
            self._doors.open(*self._place)
        except BaseException:
            self.stop(grace=0)
            raise
        return self

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
        return any(servable.is_available for servable in servables)

    def stop(self, grace=GRACE_SECONDS):
        """Takes no new requests, answers those under way for up to `grace` seconds, unloads.

        Returns whether all of them were answered.
        """
        complete = self._doors.close(grace)
        self.manager.stop()
        self._batching.stop()
        return complete

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc_info):
        self.stop()


def _configs(models):
    if isinstance(models, dict):
        return [
            ModelConfig(name=name, base_path=os.path.abspath(base_path))
            for name, base_path in models.items()
        ]
    return list(models)


def _model_loader(loading, batching):
    def load(path):
        model = LoadedModel(path, parallelism=loading.session_parallelism)
        try:
            model = batching.wrap(model, path)
            if loading.warm_up_iterations:
                warm_up(model, path, iterations=loading.warm_up_iterations)
        except BaseException:
            model.close()
            raise
        return model

    return load
