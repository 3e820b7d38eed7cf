"""A model server as a child process, in a few verbs.

runner = EmbeddedRunner(base, names)
runner.start(); runner.wait_running(60); runner.wait_loaded(60)
... runner.endpoint ...; runner.logs(); runner.stop()
"""

import contextlib
import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from keras_reid.errors import ReIDError
from serving.client import ReIDClient
from serving.errors import ServerFailure, ServingError

LOOK_SECONDS = 0.5  # between looks whether the process still lives
STOP_SECONDS = 30.0
# As in production: a version with a batching_params.pbtxt is batched, warm-up included.
BATCHING = ("--enable_batching=true", "--enable_per_model_batching_parameters=true")
# What servers say when somebody else took the port between our looking and their opening it.
TAKEN = ("address already in use", "cannot listen", "failed to bind", "port is already allocated")


class ServerDown(ReIDError):
    """The server did not come up, or cannot load the model: no fault of the request."""


class PortTaken(ServerDown):
    """The one fault of a start that goes away by itself."""


class ProcessRunner:
    """A server of the models <base>/<name>/<version>; a subclass says by which command.

    Args:
      base: folder above the models. names: of the models.
    """

    kind = "process"
    # Adversarial pixels that must agree with a V1 session here: all in the same TensorFlow, nearly
    # all where a server was built with other kernels.
    pixel_share = 0.995

    def __init__(self, base, names):
        self.base, self.names = Path(base), list(names)
        self.port = None
        self._process = self._log = None

    def command(self):
        """The command line; it listens for gRPC on `self.port`."""
        raise NotImplementedError

    def version(self):
        """What the server is, for the record."""
        raise NotImplementedError

    def start(self):
        """Starts the process."""
        self.port = free_port()
        # Appended to by the child and read by name: a file that both hold open has one position.
        self._log = tempfile.NamedTemporaryFile("ab", prefix="model_server_", suffix=".log")
        try:
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=self._log,
                stderr=subprocess.STDOUT, env=self.environment(),
            )  # fmt: skip
        except OSError as error:
            raise ReIDError(f"cannot start {self.command()[0]}: {error.strerror}") from error

    def environment(self):
        return dict(os.environ)

    @property
    def endpoint(self):
        """host:port for gRPC."""
        return f"localhost:{self.port}"

    def wait_running(self, timeout, tell=lambda seconds: None):
        """Returns when the port answers; ServerDown where the process ended or time is up."""
        for waited in self._looks(timeout):
            tell(waited)
            try:
                socket.create_connection(("localhost", self.port), LOOK_SECONDS).close()
                return
            except OSError:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(LOOK_SECONDS)
        raise ServerDown(f"the model server ({self.kind}) did not open its port in {timeout:g} s")

    def wait_loaded(self, timeout, tell=lambda seconds: None):
        """Returns when all models are AVAILABLE; ServerDown where one has reached END."""
        for name in self.names:
            with ReIDClient(self.endpoint, model=name, timeout=timeout) as client:
                for waited in self._looks(timeout):
                    tell(waited)
                    try:
                        client.wait_ready(LOOK_SECONDS)
                        break
                    except ServerFailure as error:
                        raise ServerDown(str(error)) from error
                    except ServingError:
                        continue
                else:
                    raise ServerDown(f"{name} was not loaded in {timeout:g} seconds")

    def _looks(self, timeout):
        """Yields the seconds waited so far while the process lives and there is time."""
        start = time.monotonic()
        while (waited := time.monotonic() - start) < timeout:
            if self._process.poll() is not None:
                text = self.logs().lower()
                kind = PortTaken if any(words in text for words in TAKEN) else ServerDown
                raise kind(
                    f"the model server ({self.kind}) ended with code {self._process.returncode} "
                    "before it could answer"
                )
            yield waited

    def logs(self):
        """What the server has written so far."""
        if self._log is None:
            return ""
        return Path(self._log.name).read_text(encoding="utf-8", errors="replace")

    def stop(self):
        """Ends the process; may be called in any state."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def free_port():
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def models_config(base, names):
    """ModelServerConfig as text, for servers that see the base as `base`."""
    entries = "".join(
        f'  config {{ name: "{name}" base_path: "{base}/{name}" model_platform: "tensorflow" }}\n'
        for name in names
    )
    return f"model_config_list {{\n{entries}}}\n"
