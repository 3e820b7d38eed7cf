"""What the commands that train have in common: their flags, and from flags to a trained model."""

import dataclasses
import json

from absl import flags

from keras_reid.errors import ReIDError
from keras_reid.runs import entry
from trainers.settings import define_flags, given


def run(config_class, presets, resolve, train):
    """Defines the flags of a training and runs it.

    Args:
      config_class: dataclass of `setting` fields.
      presets: names for --preset.
      resolve: (preset, **settings) -> configuration.
      train: (configuration, workdir, stop_after_epochs=...) -> what result.json holds.
    """
    flags.DEFINE_enum(
        "preset", None, list(presets),
        "Settings to start from; by default the published ones of --loss.",
    )  # fmt: skip
    flags.DEFINE_string("workdir", None, "Where checkpoints and logs go; resumes if not empty.")
    flags.DEFINE_bool("dry_run", False, "Print the resolved configuration and stop.")
    flags.DEFINE_integer(
        "stop_after_epochs", None, "End after so many more epochs; the same command goes on later.",
        lower_bound=1,
    )  # fmt: skip
    define_flags(config_class)

    def main(argv):
        del argv
        values = flags.FLAGS
        config = resolve(values.preset, **given(config_class, values))
        if values.dry_run:
            print(json.dumps(dataclasses.asdict(config), indent=2))
            return
        if not values.workdir:
            raise ReIDError("--workdir is missing: the folder of the run")
        tell(train(config, values.workdir, stop_after_epochs=values.stop_after_epochs), values)

    entry.run(main)


def tell(result, values):
    """Prints how a training ended."""
    ended = "finished" if result["finished"] else "stopped"
    chosen = "".join(f" ({key} {value:.4f})" for key, value in result["validation"].items())
    print(
        f"{ended} after {result['epochs']:g} epochs; best epoch {result['best_epoch']}{chosen}; "
        f"model and result.json are in {values.workdir}"
    )
