"""Models to serve and servers to ask, for the benchmarks of serving."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import keras

from export.limits import Limits
from export.savedmodel import export_model
from keras_reid.models import build_reid_model, load_model


@contextlib.contextmanager
def exported_models(models):
    """Yields {name: base path} of models with random weights, whose speed is that of trained ones.

    Args:
      models: {name: (arguments of build_reid_model, their keywords)}.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, (arguments, settings) in models.items():
            keras.utils.set_random_seed(0)
            path = Path(folder) / f"{name}.keras"
            build_reid_model(*arguments, **settings).save(path)
            export_model(load_model(str(path)), folder, name, [], Limits(), version=1)
        yield {name: Path(folder) / name for name in models}


@contextlib.contextmanager
def server(base_path, *arguments):
    """Yields the address of `python -m serving.serve` with the model at `base_path` as "reid"."""
    process = subprocess.Popen(
        [
            sys.executable, "-m", "serving.serve", "--model_name=reid",
            f"--model_base_path={base_path}", "--port=0", *arguments,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    try:
        address = next(
            match[1]
            for match in map(re.compile("ready: gRPC ([^,]+)").match, process.stdout)
            if match
        )
        yield address
    finally:
        process.terminate()
        process.communicate()
