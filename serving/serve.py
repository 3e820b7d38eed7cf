"""Serves SavedModels for development, with the flags of tensorflow_model_server.

    python -m serving.serve --model_name=reid --model_base_path=models/reid --port=8500 \\
        --rest_api_port=8501

A base path holds one directory for each version, named by a number. New versions are picked up
while the server runs. For production run `tensorflow_model_server` with the same flags.
"""

import logging
import os
import signal
import threading

from absl import flags

from serving import entry
from serving.errors import ServingError

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

WAKE_SECONDS = 1.0  # a signal that comes just before a wait is handled at its end


def main():
    # While models are being loaded there is nothing to drain.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    models, batching = _models(), _batching()
    say("development model server: no authentication; use tensorflow_model_server in production")
    with _server(models, batching) as server:
        stopped = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stopped.set())
        rest = server.rest_address or "off"
        say(f"ready: gRPC {server.grpc_address}, REST {rest}, models {', '.join(server.names)}")
        try:
            while not stopped.wait(WAKE_SECONDS):
                pass
        finally:
            say("stopping: waiting for requests under way")


def _server(models, batching):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before TensorFlow's first import
    import tensorflow as tf

    from serving.server.embedded import EmbeddedServer

    tf.get_logger().setLevel(logging.ERROR)  # the V1 loader is deprecated, and meant
    return EmbeddedServer(
        models,
        port=PORT.value,
        rest_port=REST_API_PORT.value or None,
        host=BIND_ADDRESS.value,
        poll_seconds=FILE_SYSTEM_POLL_WAIT_SECONDS.value,
        grpc_max_threads=GRPC_MAX_THREADS.value,
        rest_num_threads=REST_API_NUM_THREADS.value,
        rest_timeout_ms=REST_API_TIMEOUT_IN_MS.value,
        health_service=ENABLE_GRPC_HEALTHCHECK_SERVICE.value,
        warm_up_iterations=NUM_REQUEST_ITERATIONS_FOR_WARMUP.value * ENABLE_MODEL_WARMUP.value,
        session_parallelism=TENSORFLOW_SESSION_PARALLELISM.value,
        unavailable_labels=ALLOW_UNAVAILABLE_LABELS.value,
        batching=batching,
        per_model_batching=ENABLE_PER_MODEL_BATCHING_PARAMETERS.value,
    )


def _models():
    if MODEL_CONFIG_FILE.value:
        from serving.server.model_config import read_model_config

        return read_model_config(MODEL_CONFIG_FILE.value)
    if not MODEL_BASE_PATH.value:
        raise ServingError("--model_base_path is missing: the directory above the versions")
    if not os.path.isdir(MODEL_BASE_PATH.value):
        raise ServingError(
            f"--model_base_path {MODEL_BASE_PATH.value} is no directory; "
            "it is the one above the numbered versions"
        )
    return {MODEL_NAME.value: MODEL_BASE_PATH.value}


def _batching():
    from serving.server.batching_config import batching_of_flags

    return batching_of_flags(
        ENABLE_BATCHING.value,
        BATCHING_PARAMETERS_FILE.value,
        ENABLE_PER_MODEL_BATCHING_PARAMETERS.value,
    )


def say(line):
    print(line, flush=True)


def cli():
    entry.run(main)


if __name__ == "__main__":
    cli()
