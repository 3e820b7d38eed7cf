"""Writes a trained model anew in the files of the TensorFlow and Keras that run this command.

    python -m trainers.move_weights --source=runs/market --output=market.keras
    python -m trainers.move_weights --source=runs/market/checkpoints/step-1200 --output=market.keras
    python -m trainers.move_weights --source=old.weights.h5 --like=market.keras --output=new.keras

The source may come from either stack: TensorFlow 2.15 with Keras 2.15, or TensorFlow 2.16 and later
with Keras 3. It is read again from the output before this says that it is done.
"""

from pathlib import Path

from absl import flags

from keras_reid import compat
from keras_reid.errors import ReIDError
from keras_reid.files import aside, check_writable
from keras_reid.models import ReIDModel, fingerprint, load_model, load_weights
from keras_reid.models.checkpoint_weights import is_checkpoint, load_checkpoint
from keras_reid.runs import entry

WEIGHTS = ".weights.h5"
KINDS = (".keras", WEIGHTS)


def main(argv):
    del argv
    values = flags.FLAGS
    for name in ("source", "output"):
        if not getattr(values, name):
            raise ReIDError(f"--{name} is missing; --help has examples")
    output = Path(values.output)
    if not output.name.endswith(KINDS):
        raise ReIDError(f"--output={output} must end in {' or '.join(KINDS)}")
    check_writable(output)
    model = read(values.source, values.like)
    write(model, output)
    print(
        f"{output} holds the weights {fingerprint(model.get_weights())} of {values.source}, "
        f"written by {compat.STACK}"
    )


def read(source, like=None):
    """The ReIDModel at `source`; `like` is a model of the same architecture where it needs one."""
    source = str(source).removesuffix(".index")  # a prefix, but shells complete to this
    bare = source.endswith(WEIGHTS) or is_checkpoint(source)
    if not bare:
        if like:
            raise ReIDError(f"{source} knows its own architecture; leave out --like")
        return own_model(source)
    if not like and is_checkpoint(source):
        like = Path(source).resolve().parents[1]  # <workdir>/checkpoints/step-12
    if not like:
        raise ReIDError(
            f"{source} holds weights only; name a workdir or .keras file of the same architecture "
            "with --like"
        )
    model = own_model(like)
    if is_checkpoint(source):
        left = load_checkpoint(model, source)
        if left:
            raise ReIDError(
                f"{source} has another number of identities than {like} ({', '.join(left)}); "
                "name a model with as many"
            )
    else:
        load_weights(model, source)
    return model


def own_model(source):
    """The ReIDModel in a workdir or .keras file."""
    model = load_model(source).model
    if not isinstance(model, ReIDModel):
        raise ReIDError(f"{source} is not a model that keras_reid trained; only those can be moved")
    return model


def write(model, output):
    """Writes the file aside, reads it back, and only then gives it its name."""
    with aside(output) as draft:
        if output.name.endswith(WEIGHTS):
            model.save_weights(str(draft))
            again = ReIDModel.from_config(model.get_config())
            load_weights(again, draft)
        else:
            model.save(str(draft))
            again = own_model(draft)
        if fingerprint(again.get_weights()) != fingerprint(model.get_weights()):
            raise ReIDError(f"{output} does not hold the same weights when it is read back")


def cli():
    """The console script."""
    flags.DEFINE_string("source", None, "Workdir, .keras, .weights.h5 or checkpoint prefix.")
    flags.DEFINE_string(
        "like", None, "Workdir or .keras file of the same architecture, for bare weights; "
        "default for a checkpoint: its own workdir."
    )  # fmt: skip
    flags.DEFINE_string("output", None, "What to write: .keras or .weights.h5.")
    entry.run(main)


if __name__ == "__main__":
    cli()
