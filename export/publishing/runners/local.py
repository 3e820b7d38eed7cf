"""Servers of this machine: the embedded one, and tensorflow_model_server."""

import os
import subprocess
import sys
from pathlib import Path

from export.publishing.runners.process import BATCHING, ProcessRunner, models_config
from keras_reid.errors import ReIDError
from keras_reid.runs.provenance import provenance
from serving import contract

PROGRAM = "tensorflow_model_server"
CONFIG = "models.config"


class LocalRunner(ProcessRunner):
    """A server that reads the base where it lies."""

    program = ()

    def command(self):
        config = self.base / CONFIG
        config.write_text(models_config(self.base, self.names), encoding="utf-8")
        return [
            *self.program,
            f"--port={self.port}",
            "--rest_api_port=0",
            f"--model_config_file={config}",
            "--file_system_poll_wait_seconds=0",  # what is there now; nothing will come
            *BATCHING,
        ]


class EmbeddedRunner(LocalRunner):
    """`python -m serving.serve` with this Python."""

    kind = "embedded"
    pixel_share = 1.0
    program = (sys.executable, "-m", "serving.serve")

    def environment(self):
        # Found also where this package was not installed but is run from its folder.
        root = str(Path(contract.__file__).resolve().parents[1])
        known = os.environ.get("PYTHONPATH")
        return {**os.environ, "PYTHONPATH": os.pathsep.join([root, *([known] if known else [])])}

    def version(self):
        facts = provenance([])
        return f"keras_reid {facts['keras_reid']} on TensorFlow {facts['tensorflow']}"


class BinaryRunner(LocalRunner):
    """tensorflow_model_server.

    Args:
      binary: its path, or its name on PATH.
    """

    kind = "binary"

    def __init__(self, base, names, binary=PROGRAM):
        super().__init__(base, names)
        self.program = (binary,)

    def command(self):
        # By default it tries a model that fails again for five minutes.
        return [*super().command(), "--max_num_load_retries=0"]

    def version(self):
        try:
            answer = subprocess.run(
                [*self.program, "--version"],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise ReIDError(
                f"cannot run the model server {self.program[0]} ({error}); name it with --binary"
            ) from error
        lines = (answer.stdout + answer.stderr).strip().splitlines()
        return lines[0] if lines else PROGRAM
