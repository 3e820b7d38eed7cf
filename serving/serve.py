"""Serves SavedModels for development, with the flags of tensorflow_model_server.

    python -m serving.serve --model_name=reid --model_base_path=models/reid --port=8500 \\
        --rest_api_port=8501

A base path holds one directory for each version, named by a number. New versions are picked up
while the server runs. For production run `tensorflow_model_server` with the same flags.
docs/embedded_server.md tells what differs.
"""

import logging
import os
import signal
import sys

from serving import entry, serve_flags
from serving.errors import ServingError
from serving.server import log_format
from serving.server.config_reload import ConfigFile
from serving.server.exposure import remarks

announcements = logging.getLogger(log_format.ANNOUNCEMENTS)


def main():
    # While models are being loaded there is nothing to drain.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    log_format.configure(serve_flags.LOG_FORMAT.value)
    settings = serve_flags.server_settings()
    path = serve_flags.MODEL_CONFIG_FILE.value
    config_file = ConfigFile(path) if path else None
    models = config_file.configs() if config_file else _model()
    asked = "tokens are asked for" if settings["security"].token_file else "no authentication"
    say("start", f"development model server: {asked}; use tensorflow_model_server in production")
    server = _server(models, settings).start()
    signals = Signals()
    seconds = serve_flags.MODEL_CONFIG_FILE_POLL_WAIT_SECONDS.value
    if seconds:
        config_file.follow(server.manager, seconds)
    for remark in remarks(server, settings["security"], settings["host"]):
        say("warning", remark)
    rest = server.rest_address or "off"
    say(
        "ready", f"ready: gRPC {server.grpc_address}, REST {rest}, models {', '.join(server.names)}"
    )
    number = signals.wait()
    say("stop", "stopping: waiting for requests under way")
    if config_file:
        config_file.stop()
    if not server.stop(serve_flags.SHUTDOWN_GRACE_SECONDS.value):
        say("stop", "stopped: requests that took longer than --shutdown_grace_seconds were cut off")
        _leave(0 if number == signal.SIGTERM else entry.INTERRUPTED)  # their threads still work
    if number == signal.SIGINT:
        raise KeyboardInterrupt


class Signals:
    """The first SIGTERM or SIGINT ends `wait`, the second the process."""

    def __init__(self):
        self._number = None
        # A pipe and no Event, whose lock the interrupted thread may hold.
        self._read_end, self._write_end = os.pipe()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._arrived)

    def _arrived(self, number, frame):
        if self._number is not None:
            os._exit(128 + number)
        self._number = number
        os.write(self._write_end, b"!")

    def wait(self):
        os.read(self._read_end, 1)
        return self._number


def _leave(code):
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _server(models, settings):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before TensorFlow's first import
    import tensorflow as tf

    from serving.server.embedded import EmbeddedServer

    tf.get_logger().setLevel(logging.ERROR)  # the V1 loader is deprecated, and meant
    return EmbeddedServer(models, **settings)


def _model():
    base_path = serve_flags.MODEL_BASE_PATH.value
    if not base_path:
        raise ServingError("--model_base_path is missing: the directory above the versions")
    if not os.path.isdir(base_path):
        raise ServingError(
            f"--model_base_path {base_path} is no directory; "
            "it is the one above the numbered versions"
        )
    return {serve_flags.MODEL_NAME.value: base_path}


def say(event, line):
    announcements.info(line, extra={"event": event})


def cli():
    entry.run(main)


if __name__ == "__main__":
    cli()
