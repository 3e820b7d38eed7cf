"""TensorFlow Serving from a docker image."""

import contextlib
import shutil
import subprocess
import uuid

from export.publishing.runners.process import BATCHING, ProcessRunner, models_config
from keras_reid.errors import ReIDError

IMAGE = "tensorflow/serving:2.21.0"
INSIDE = "/models"  # where the base lies in the container
GRPC_PORT = 8500
ANSWER_SECONDS = 30


class DockerRunner(ProcessRunner):
    """`docker run` of an image whose entry point is that of tensorflow/serving.

    Args:
      image: its name; pulled by docker where it is not there yet.
    """

    kind = "docker"

    def __init__(self, base, names, image=IMAGE):
        super().__init__(base, names)
        self._image = image
        self._container = f"keras-reid-validate-{uuid.uuid4().hex[:12]}"

    def command(self):
        # The image's user may be another one than the owner of the base.
        self.base.chmod(0o755)
        config = self.base / "models.config"
        config.write_text(models_config(INSIDE, self.names), encoding="utf-8")
        config.chmod(0o644)
        return [
            "docker", "run", "--rm", f"--name={self._container}",
            f"--publish=127.0.0.1:{self.port}:{GRPC_PORT}",
            f"--volume={self.base}:{INSIDE}:ro", self._image,
            f"--model_config_file={INSIDE}/models.config",
            "--file_system_poll_wait_seconds=0", "--max_num_load_retries=0", *BATCHING,
        ]  # fmt: skip

    def version(self):
        check_docker()
        return self._image

    def stop(self):
        # The client hands SIGTERM on, but not where the container ignores it.
        if self.port is not None:
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                subprocess.run(
                    ["docker", "stop", self._container],
                    capture_output=True, timeout=ANSWER_SECONDS, check=False,
                )  # fmt: skip
        super().stop()


def check_docker():
    """Refuses a machine without docker, or whose docker has no daemon."""
    if shutil.which("docker") is None:
        raise ReIDError(
            "there is no docker on this machine; use --runner=embedded, or --binary with a "
            "tensorflow_model_server"
        )
    try:
        answer = subprocess.run(
            ["docker", "version", "--format={{.Server.Version}}"],
            capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False,
        )  # fmt: skip
        reached = answer.returncode == 0
    except (OSError, subprocess.SubprocessError):
        reached = False
    if not reached:
        raise ReIDError(
            "docker is installed but its daemon does not answer; start it, or use --runner=embedded"
        )
