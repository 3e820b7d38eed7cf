"""The one list of tensorflow_model_server's flags, from which every command line is made."""

import dataclasses
import math

from serving.config.quantities import cpu_cores

# A connection is closed, softly, after this time, so that clients that balance their load find new
# replicas and leave those that are being stopped.
CONNECTION_SECONDS = 30
LEAST_GRPC_THREADS = 64
FOR_PLATFORM_CONFIG = "platform"


@dataclasses.dataclass(frozen=True)
class Flag:
    """name, value as text, and why it is not left at its default.

    ignored_with: "platform" where --platform_config_file makes the server ignore the flag.
    """

    name: str
    value: str
    why: str
    ignored_with: str = ""

    def __str__(self):
        return f"--{self.name}={self.value}"


def server_flags(settings, max_batch, *, gpu):
    """[Flag] of one server.

    Args:
      settings: Settings.
      max_batch: images of the largest request, from `describe`, or None.
      gpu: whether this command line is for the GPU image.
    """
    every = list(_flags(settings, max_batch, gpu))
    if settings.platform_config:
        every = [flag for flag in every if flag.ignored_with != FOR_PLATFORM_CONFIG]
    return every


def _flags(settings, max_batch, gpu):
    at = settings.config_path
    yield Flag("port", settings.port, "gRPC")
    yield Flag("rest_api_port", settings.rest_port, "REST, readiness and metrics; off by default")
    yield Flag("model_config_file", f"{at}/models.config", "two servables, versions, labels")
    yield Flag(
        "file_system_poll_wait_seconds",
        settings.poll_seconds,
        "every replica lists the volume this often; the default of 1 is for local disks",
    )
    yield Flag(
        "grpc_max_threads",
        settings.grpc_max_threads or grpc_threads(max_batch),
        "the default, 4 for each core, refuses every further request while attacks run "
        '(RESOURCE_EXHAUSTED "Server Threadpool Exhausted"), and keeps batches from filling',
    )
    yield Flag(
        "grpc_channel_arguments",
        f"grpc.max_connection_age_ms={1000 * CONNECTION_SECONDS},"
        f"grpc.max_connection_age_grace_ms={1000 * settings.request_seconds}",
        "clients reconnect now and then, and so spread over new replicas and leave stopping ones",
    )
    yield Flag(
        "rest_api_timeout_in_ms",
        1000 * settings.request_seconds,
        "an attack takes longer than the default of 30 s may allow",
    )
    yield Flag(
        "enable_grpc_healthcheck_service", "true", "liveness: UNIMPLEMENTED without this flag"
    )
    yield Flag(
        "enable_model_warmup",
        "true",
        "the first call of an attack takes 13 s (graph optimisation): before traffic, not in it",
        FOR_PLATFORM_CONFIG,
    )
    yield Flag(
        "monitoring_config_file",
        f"{at}/monitoring.config",
        "metrics for Prometheus; off by default",
    )
    yield Flag(
        "enable_profiler",
        "false",
        "on by default, on the gRPC port, for everybody who reaches it",
    )
    yield from _session_flags(settings, gpu)
    if settings.platform_config:
        yield Flag("platform_config_file", f"{at}/{platform_file(gpu)}", "sessions' settings")
    if settings.tls:
        yield Flag("ssl_config_file", f"{at}-tls/ssl.config", "TLS for gRPC; REST stays plain")


def _session_flags(settings, gpu):
    at = settings.config_path
    if settings.batching:
        yield Flag("enable_batching", "true", "merge requests that wait", FOR_PLATFORM_CONFIG)
        yield Flag(
            "enable_per_model_batching_parameters",
            "true",
            "a model without batching_params.pbtxt in its version, as the encoded one, is not "
            "batched",
            FOR_PLATFORM_CONFIG,
        )
        yield Flag(
            "batching_parameters_file",
            f"{at}/batching_parameters.txt",
            "the threads that all batched models share; nothing else of the file is used",
            FOR_PLATFORM_CONFIG,
        )
    yield Flag(
        "tensorflow_session_parallelism",
        session_threads(settings),
        "TensorFlow counts the machine's cores, not the container's share of them",
        FOR_PLATFORM_CONFIG,
    )
    if gpu:
        yield Flag(
            "per_process_gpu_memory_fraction",
            settings.gpu_memory_fraction,
            "by default the process takes the whole GPU",
            FOR_PLATFORM_CONFIG,
        )


def platform_file(gpu):
    """Name of the platform configuration: a fraction of GPU memory is in one of the two only."""
    return "platform.gpu.config" if gpu else "platform.config"


def grpc_threads(max_batch):
    """A thread waits for each request under way: two full batches of single images, or 64."""
    return max(LEAST_GRPC_THREADS, 2 * (max_batch or 0))


def session_threads(settings):
    """Threads of TensorFlow's pools: the cores of a replica, rounded up."""
    return math.ceil(cpu_cores(settings.cpus))


def drain_seconds(settings):
    """From the wish to stop a replica until nobody waits for it.

    TF Serving does not drain: as process 1 of a container it ignores SIGTERM, elsewhere it ends at
    once. So the time before the signal has to be enough for every connection to reach its age and
    for the longest request on it.
    """
    jitter = math.ceil(0.1 * CONNECTION_SECONDS)  # gRPC spreads the ages by a tenth
    return CONNECTION_SECONDS + jitter + settings.request_seconds
