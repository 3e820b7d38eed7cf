"""What an embedded server can be told, in groups."""

import dataclasses
import os

from serving.errors import ServingError

THREADS_PER_CORE = 4
QUEUE_PER_THREAD = 4


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """How much clients may ask for. What is above a limit is refused before memory is taken for it.

    grpc_max_threads: calls at the same time, one more is refused; None is four for each core.
    rest_num_threads: predictions by REST at the same time; None is four for each core.
    rest_queue: requests that may wait for one of them, one more is refused; None is four for each.
    rest_timeout_ms: longest run for a REST request; a gRPC request brings its own deadline.
    request_bytes: size of a gRPC message or of an unpacked REST body; so many for each thread and
      each place in the queue may be in memory at once.
    elements: values in all tensors of a request; few bytes can stand for very many, and as JSON a
      value takes up to 64 bytes of memory.
    rows: first dimension of an input, and strings in one; 0 is no limit.
    """

    grpc_max_threads: int | None = None
    rest_num_threads: int | None = None
    rest_queue: int | None = None
    rest_timeout_ms: int = 30_000
    request_bytes: int = 64 * 2**20
    elements: int = 2**24
    rows: int = 1024

    @property
    def grpc_calls(self):
        return self.grpc_max_threads or _default_threads()

    @property
    def rest_running(self):
        return self.rest_num_threads or _default_threads()

    @property
    def rest_waiting(self):
        return QUEUE_PER_THREAD * self.rest_running if self.rest_queue is None else self.rest_queue


@dataclasses.dataclass(frozen=True, kw_only=True)
class Security:
    """Who may talk to the server, and about what.

    ssl_config: SSLConfig that `tls.read_ssl_config` or `tls.check` let pass: TLS for gRPC.
    token_file: path of the tokens that are let in; None asks for none.
    config_reload: whether HandleReloadConfigRequest, which names paths, is answered.
    """

    ssl_config: object = None
    token_file: str | None = None
    config_reload: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Observing:
    """What can be seen of the server.

    prometheus_path: where on the REST port metrics are read; None is nowhere.
    log_requests: whether every request gets a line in the log.
    """

    prometheus_path: str | None = None
    log_requests: bool = False

    def check(self, rest_port):
        """Raises ServingError where there is no port to read metrics on."""
        if self.prometheus_path and rest_port is None:
            raise ServingError(
                "metrics are read on the REST port and that is off; "
                "choose a --rest_api_port or leave out --monitoring_config_file"
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Loading:
    """How models are loaded.

    warm_up_iterations: how often a model's warm-up requests are run; 0 means never.
    session_parallelism: threads of TensorFlow's pools; 0 is one for each core.
    batching: BatchingParameters by which concurrent requests are merged; None: they are not.
    per_model_batching: merge only for versions with a batching_params.pbtxt, and by that.
    """

    warm_up_iterations: int = 1
    session_parallelism: int = 0
    batching: object = None
    per_model_batching: bool = False


def _default_threads():
    return THREADS_PER_CORE * (os.cpu_count() or 1)
