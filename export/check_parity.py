"""Shows that a model, its export and a running server give the same answers.

    python -m export.check_parity --model=runs/demo/train --servable=runs/demo/models/reid/1 \\
        --server=localhost:8500 --name=reid --images=runs/demo/people/query --attacks=sma,fna

Leave out --server to compare model and export only. Exit code 2 where a bar is missed.
"""

import dataclasses

from absl import flags

from export import model_flags
from export.images import read_images
from export.misrank_signature import load_generator
from export.parity import check_export, check_server
from export.tables import print_rows, refuse_failures
from keras_reid.errors import ReIDError
from keras_reid.files import write_json
from keras_reid.runs import entry
from serving.client import ReIDClient
from serving.credential_flags import credentials_of, define_credential_flags
from serving.errors import ServingError


def define_flags():
    """This command's flags."""
    model_flags.define_model_flags()
    flags.DEFINE_string("servable", None, "Version folder of its export.")
    flags.DEFINE_string("server", None, "host:port (gRPC) or http://host:port that serves it.")
    flags.DEFINE_string("name", "reid", "Name of the model on the server.")
    flags.DEFINE_string("images", None, "Folder of JPEG or PNG crops to compare on.")
    flags.DEFINE_integer("count", 8, "How many of them.", lower_bound=2)
    flags.DEFINE_list("attacks", None, "Attacks to call on the server; default: all.")
    flags.DEFINE_string("misrank", None, "Run whose generator was exported with it.")
    flags.DEFINE_float("epsilon_255", 5.0, "Radius in 1/255.", lower_bound=0, upper_bound=255)
    flags.DEFINE_integer("steps", 15, "Steps of the attacks.", lower_bound=1)
    flags.DEFINE_string("results", None, "JSON file for the figures.")
    define_credential_flags()
    flags.mark_flags_as_required(["servable", "images"])


def main(argv):
    del argv
    values = flags.FLAGS
    model = model_flags.load(values)
    pixels = read_images(values.images, values.count, model.input_size)
    settings = {"epsilon": values.epsilon_255 / 255, "steps": values.steps}
    generator = load_generator(values.misrank, model) if values.misrank else None
    rows = check_export(model, values.servable, pixels, generator=generator, **settings)
    if values.server:
        credentials = credentials_of(values)
        with ReIDClient(values.server, model=values.name, credentials=credentials) as client:
            rows += check_server(
                client, values.servable, pixels, attacks=values.attacks, **settings
            )
    print_rows(rows)
    if values.results:
        write_json(values.results, [dataclasses.asdict(row) for row in rows])
    refuse_failures(rows, values.servable)
    print("trained = exported" + (" = served" if values.server else ""))


def cli():
    """The console script."""
    define_flags()
    entry.run(main, errors=(ReIDError, ServingError))


if __name__ == "__main__":
    cli()
