"""Exports a model with its attacks for TensorFlow Serving.

    python -m export.export_model --model=runs/demo/train --base=runs/demo/models --name=reid \\
        --attacks=sma,fna --max_epsilon_255=16

writes runs/demo/models/reid/<version>/ and .../reid_encoded/<version>/, loads the result
the way TF Serving does, and compares it with the model. Exit code 2 where the two differ.
"""

import numpy as np
from absl import flags

from export import model_flags
from export.limits import Limits
from export.misrank_signature import load_generator
from export.parity import check_export
from export.savedmodel import export_model
from export.tables import print_rows, refuse_failures
from keras_reid.attacks import ATTACKS
from keras_reid.errors import ReIDError
from keras_reid.models import check_gradient
from keras_reid.runs import entry
from serving.contract import MISRANK


def define_flags():
    """This command's flags."""
    model_flags.define_model_flags()
    flags.DEFINE_string("base", None, "Folder that holds the servable models.")
    flags.DEFINE_string("name", "reid", "Name of the servable.")
    flags.DEFINE_integer(
        "version", None, "Version number; default: unix time, or the last one + 1.", lower_bound=1
    )
    flags.DEFINE_list(
        "attacks", [name for name in ATTACKS if name != "xent"], "Attacks to serve; empty for none."
    )
    flags.DEFINE_string("misrank", None, "Workdir of a mis-ranking run: serves attack_misrank.")
    flags.DEFINE_integer(
        "max_pixels", 0, "Ceiling of the pixels it may change; 0: all.", lower_bound=0
    )
    flags.DEFINE_float(
        "step_size_255",
        1.0,
        "Step of the iterative attacks, in 1/255.",
        lower_bound=0,
        upper_bound=255,
    )
    flags.DEFINE_integer("restarts", 1, "Restarts of pgd.", lower_bound=1)
    flags.DEFINE_float(
        "max_epsilon_255", 16.0, "Ceiling of epsilon, in 1/255.", lower_bound=0, upper_bound=255
    )
    flags.DEFINE_integer("max_steps", 50, "Ceiling of steps.", lower_bound=1)
    flags.DEFINE_integer("max_batch", 64, "Images in one request, at most.", lower_bound=1)
    flags.DEFINE_integer(
        "max_encoded_bytes", 4 * 2**20, "Bytes of one JPEG or PNG, at most.", lower_bound=1
    )
    flags.DEFINE_integer(
        "max_encoded_pixels", 16 * 2**20, "Pixels of one JPEG or PNG, at most.", lower_bound=1
    )
    flags.DEFINE_integer("num_push", 8, "Pushing guides per image.", lower_bound=1)
    flags.DEFINE_integer("num_pull", 8, "Pulling guides per image.", lower_bound=1)
    flags.DEFINE_enum(
        "metric", "l2", ["l2", "cosine"], "Distance that the attacks move; odfa always the angle."
    )
    flags.mark_flags_as_required(["base"])


def main(argv):
    del argv
    values = flags.FLAGS
    model = model_flags.load(values)
    attacks = [name for name in values.attacks if name]
    if attacks:
        check_gradient(model)
    if values.max_pixels and not values.misrank:
        raise ReIDError("--max_pixels is a ceiling of the generator; name one with --misrank")
    generator = load_generator(values.misrank, model) if values.misrank else None
    limits = Limits(
        epsilon=values.max_epsilon_255 / 255,
        steps=values.max_steps,
        batch=values.max_batch,
        encoded_bytes=values.max_encoded_bytes,
        encoded_pixels=values.max_encoded_pixels,
        pixels=values.max_pixels,
        push=values.num_push,
        pull=values.num_pull,
    )
    names = ", ".join([*attacks, *([MISRANK] if generator else [])])
    print(f"exporting {model.source} with {names or 'no attacks'} ...", flush=True)
    path, encoded = export_model(
        model,
        values.base,
        values.name,
        attacks,
        limits,
        version=values.version,
        check=lambda draft: refuse_differences(model, draft, limits, generator),
        step_size=values.step_size_255 / 255,
        restarts=values.restarts,
        metric=values.metric,
        generator=generator,
    )
    print(f"servable: {path}\nencoded:  {encoded}")


def refuse_differences(model, draft, limits, generator=None):
    """Compares model and export on random pixels; raises ReIDError where they differ."""
    pixels = np.random.default_rng(0).integers(0, 256, (4, *model.input_size, 3), dtype=np.uint8)
    epsilon, steps = min(5 / 255, limits.epsilon), min(5, limits.steps)
    rows = check_export(
        model, draft, pixels, epsilon=epsilon, steps=steps, generator=generator
    )  # fmt: skip
    print_rows(rows)
    refuse_failures(rows, model.source)


def cli():
    """The console script."""
    define_flags()
    entry.run(main)


if __name__ == "__main__":
    cli()
