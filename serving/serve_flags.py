"""The flags of `python -m serving.serve`: tensorflow_model_server's, and a few of ours.

What a flag cannot be given is found out here, before TensorFlow is imported.
"""

from absl import flags

from serving.errors import ServingError
from serving.server.batching_config import batching_of_flags
from serving.server.monitoring import read_monitoring_config
from serving.server.options import Limits, Loading, Observing, Security
from serving.server.tls import read_ssl_config

PORT = flags.DEFINE_integer("port", 8500, "gRPC port; 0 picks a free one.", 0, 65535)
REST_API_PORT = flags.DEFINE_integer("rest_api_port", 0, "HTTP/REST port; 0 is off.", 0, 65535)
BIND_ADDRESS = flags.DEFINE_string(
    "bind_address", "localhost", "Address to listen on (not a flag of tensorflow_model_server)."
)
MODEL_NAME = flags.DEFINE_string(
    "model_name", "default", "Name of the model; ignored with --model_config_file."
)
MODEL_BASE_PATH = flags.DEFINE_string(
    "model_base_path", None, "Directory above the numbered versions of the model."
)
MODEL_CONFIG_FILE = flags.DEFINE_string(
    "model_config_file", None, "ModelServerConfig as text: several models, versions, labels."
)
MODEL_CONFIG_FILE_POLL_WAIT_SECONDS = flags.DEFINE_integer(
    "model_config_file_poll_wait_seconds", 0, "Between looks at that file; 0 reads it once.", 0
)
ENABLE_CONFIG_RELOAD_RPC = flags.DEFINE_boolean(
    "enable_config_reload_rpc",
    False,
    "Let clients replace the configuration, paths of this machine included, by "
    "HandleReloadConfigRequest (not a flag of tensorflow_model_server, where they always may).",
)
ALLOW_UNAVAILABLE_LABELS = flags.DEFINE_boolean(
    "allow_version_labels_for_unavailable_models",
    False,
    "Accept version labels for versions that are not loaded.",
)
FILE_SYSTEM_POLL_WAIT_SECONDS = flags.DEFINE_integer(
    "file_system_poll_wait_seconds", 1, "Between looks for new versions; 0 looks once.", 0
)
GRPC_MAX_THREADS = flags.DEFINE_integer(
    "grpc_max_threads", None, "Calls at the same time, one more is refused; default 4 x cores.", 1
)
REST_API_NUM_THREADS = flags.DEFINE_integer(
    "rest_api_num_threads", None, "REST requests at the same time; default 4 x cores.", 1
)
REST_API_TIMEOUT_IN_MS = flags.DEFINE_integer(
    "rest_api_timeout_in_ms", 30000, "Longest run of a model for a REST request.", 1
)
REST_API_MAX_QUEUE = flags.DEFINE_integer(
    "rest_api_max_queue", None, "REST requests that may wait; default 4 x REST threads (ours).", 0
)
MAX_REQUEST_BYTES = flags.DEFINE_integer(
    "max_request_bytes", Limits.request_bytes, "Size of one request (ours).", 1, 2**31 - 1
)
MAX_REQUEST_ELEMENTS = flags.DEFINE_integer(
    "max_request_elements", Limits.elements, "Values in all tensors of a request (ours).", 1
)
MAX_REQUEST_ROWS = flags.DEFINE_integer(
    "max_request_rows", Limits.rows, "Rows of a request; 0 is no limit (ours).", 0
)
SSL_CONFIG_FILE = flags.DEFINE_string(
    "ssl_config_file", None, "SSLConfig as text: TLS for gRPC; REST stays plain HTTP."
)
TOKEN_FILE = flags.DEFINE_string(
    "token_file",
    None,
    "Tokens to let in, one a line, read again when the file changes (not a flag of "
    "tensorflow_model_server: there a proxy asks for them).",
)
MONITORING_CONFIG_FILE = flags.DEFINE_string(
    "monitoring_config_file", None, "MonitoringConfig as text: Prometheus metrics on the REST port."
)
LOG_FORMAT = flags.DEFINE_enum("log_format", "text", ["text", "json"], "How log lines look (ours).")
LOG_REQUESTS = flags.DEFINE_boolean("log_requests", False, "A log line for each request (ours).")
ENABLE_GRPC_HEALTHCHECK_SERVICE = flags.DEFINE_boolean(
    "enable_grpc_healthcheck_service", False, "Answer grpc.health.v1."
)
ENABLE_MODEL_WARMUP = flags.DEFINE_boolean(
    "enable_model_warmup", True, "Run assets.extra/tf_serving_warmup_requests at loading."
)
NUM_REQUEST_ITERATIONS_FOR_WARMUP = flags.DEFINE_integer(
    "num_request_iterations_for_warmup", 1, "Runs of each warm-up request.", 1
)
TENSORFLOW_SESSION_PARALLELISM = flags.DEFINE_integer(
    "tensorflow_session_parallelism", 0, "Threads of TensorFlow's pools; 0 is one per core.", 0
)
ENABLE_BATCHING = flags.DEFINE_boolean(
    "enable_batching", False, "Run concurrent requests of a signature as one."
)
BATCHING_PARAMETERS_FILE = flags.DEFINE_string(
    "batching_parameters_file", None, "BatchingParameters as text; needs --enable_batching."
)
ENABLE_PER_MODEL_BATCHING_PARAMETERS = flags.DEFINE_boolean(
    "enable_per_model_batching_parameters",
    False,
    "Batch only versions with a batching_params.pbtxt, and by that; needs --enable_batching.",
)
SHUTDOWN_GRACE_SECONDS = flags.DEFINE_float(
    "shutdown_grace_seconds", 30.0, "For requests under way after SIGTERM (ours).", 0
)


def server_settings():
    """Keyword arguments of EmbeddedServer; raises ServingError where a file cannot be used."""
    settings = {
        "port": PORT.value,
        "rest_port": REST_API_PORT.value or None,
        "host": BIND_ADDRESS.value,
        "poll_seconds": FILE_SYSTEM_POLL_WAIT_SECONDS.value,
        "unavailable_labels": ALLOW_UNAVAILABLE_LABELS.value,
        "health_service": ENABLE_GRPC_HEALTHCHECK_SERVICE.value,
    }
    settings["limits"] = Limits(
        grpc_max_threads=GRPC_MAX_THREADS.value,
        rest_num_threads=REST_API_NUM_THREADS.value,
        rest_queue=REST_API_MAX_QUEUE.value,
        rest_timeout_ms=REST_API_TIMEOUT_IN_MS.value,
        request_bytes=MAX_REQUEST_BYTES.value,
        elements=MAX_REQUEST_ELEMENTS.value,
        rows=MAX_REQUEST_ROWS.value,
    )
    settings["security"] = Security(
        ssl_config=read_ssl_config(SSL_CONFIG_FILE.value) if SSL_CONFIG_FILE.value else None,
        token_file=TOKEN_FILE.value,
        config_reload=ENABLE_CONFIG_RELOAD_RPC.value,
    )
    monitoring = MONITORING_CONFIG_FILE.value
    settings["observing"] = Observing(
        prometheus_path=read_monitoring_config(monitoring) if monitoring else None,
        log_requests=LOG_REQUESTS.value,
    )
    settings["observing"].check(settings["rest_port"])
    settings["loading"] = Loading(
        warm_up_iterations=NUM_REQUEST_ITERATIONS_FOR_WARMUP.value * ENABLE_MODEL_WARMUP.value,
        session_parallelism=TENSORFLOW_SESSION_PARALLELISM.value,
        batching=batching_of_flags(
            ENABLE_BATCHING.value,
            BATCHING_PARAMETERS_FILE.value,
            ENABLE_PER_MODEL_BATCHING_PARAMETERS.value,
        ),
        per_model_batching=ENABLE_PER_MODEL_BATCHING_PARAMETERS.value,
    )
    if MODEL_CONFIG_FILE_POLL_WAIT_SECONDS.value and not MODEL_CONFIG_FILE.value:
        raise ServingError("--model_config_file_poll_wait_seconds needs a --model_config_file")
    return settings
