"""Shows that a model, its export and a running server give the same answers.

    python -m export.check_parity --model=runs/demo/train --servable=runs/demo/models/reid/1 \\
        --server=localhost:8500 --name=reid --images=runs/demo/people/query --attacks=sma,fna

Leave out --server to compare model and export only. Exit code 2 where a bar is missed.
"""

import dataclasses
from pathlib import Path

import numpy as np
from absl import flags

from export.parity import check_export, check_server
from export.tables import print_rows, refuse_failures
from keras_reid.data.images import read_pixels
from keras_reid.errors import ReIDError
from keras_reid.files import write_json
from keras_reid.models import load_model
from keras_reid.runs import entry
from serving.client import ReIDClient
from serving.errors import ServingError

MODEL = flags.DEFINE_string("model", None, "The model that was exported (workdir, .keras, ...).")
SERVABLE = flags.DEFINE_string("servable", None, "Version folder of its export.")
SERVER = flags.DEFINE_string("server", None, "host:port (gRPC) or http://host:port that serves it.")
NAME = flags.DEFINE_string("name", "reid", "Name of the model on the server.")
IMAGES = flags.DEFINE_string("images", None, "Folder of JPEG or PNG crops to compare on.")
COUNT = flags.DEFINE_integer("count", 8, "How many of them.", lower_bound=2)
ATTACKS = flags.DEFINE_list("attacks", None, "Attacks to call on the server; default: all.")
EPSILON = flags.DEFINE_float("epsilon_255", 5.0, "Radius in 1/255.", lower_bound=0, upper_bound=255)
STEPS = flags.DEFINE_integer("steps", 15, "Steps of the attacks.", lower_bound=1)
RESULTS = flags.DEFINE_string("results", None, "JSON file for the figures.")
flags.mark_flags_as_required(["model", "servable", "images"])


def read_images(folder, count, size):
    """The first `count` images of a folder in the model's size; uint8 [N, H, W, 3]."""
    paths = sorted(
        path for path in Path(folder).glob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png")
    )
    if len(paths) < 2:
        raise ReIDError(f"{folder} holds fewer than two JPEG or PNG images; name another folder")
    return np.stack([np.asarray(read_pixels(str(path), size)) for path in paths[:count]])


def main(argv):
    del argv
    model = load_model(MODEL.value)
    pixels = read_images(IMAGES.value, COUNT.value, model.input_size)
    settings = {"epsilon": EPSILON.value / 255, "steps": STEPS.value}
    rows = check_export(model, SERVABLE.value, pixels, **settings)
    if SERVER.value:
        with ReIDClient(SERVER.value, model=NAME.value) as client:
            rows += check_server(client, SERVABLE.value, pixels, attacks=ATTACKS.value, **settings)
    print_rows(rows)
    if RESULTS.value:
        write_json(RESULTS.value, [dataclasses.asdict(row) for row in rows])
    refuse_failures(rows, SERVABLE.value)
    print("trained = exported" + (" = served" if SERVER.value else ""))


def cli():
    entry.run(main, errors=(ReIDError, ServingError))


if __name__ == "__main__":
    cli()
