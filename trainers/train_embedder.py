"""Trains a person embedder.

    python -m trainers.train_embedder --preset=small --dataset=market1501 --data=runs/demo/people \\
        --workdir=runs/embedder

--preset (or, without it, --loss) picks a published set of settings and every other flag replaces
one of them; --dry_run prints what comes out. The same command resumes a run that was stopped.
"""

import dataclasses
import json

from absl import flags

from keras_reid.errors import ReIDError
from keras_reid.runs import entry
from trainers.embedder import PRESETS, EmbedderConfig, resolve, train
from trainers.settings import define_flags, given


def main(argv):
    del argv
    values = flags.FLAGS
    config = resolve(values.preset, **given(EmbedderConfig, values))
    if values.dry_run:
        print(json.dumps(dataclasses.asdict(config), indent=2))
        return
    if not values.workdir:
        raise ReIDError("--workdir is missing: the folder of the run")
    result = train(config, values.workdir, stop_after_epochs=values.stop_after_epochs)
    ended = "finished" if result["finished"] else "stopped"
    chosen = "".join(f" ({key} {value:.4f})" for key, value in result["validation"].items())
    print(
        f"{ended} after {result['epochs']:g} epochs; best epoch {result['best_epoch']}{chosen}; "
        f"model and result.json are in {values.workdir}"
    )


def cli():
    """The console script."""
    flags.DEFINE_enum(
        "preset", None, list(PRESETS),
        "Settings to start from; by default the published ones of --loss.",
    )  # fmt: skip
    flags.DEFINE_string("workdir", None, "Where checkpoints and logs go; resumes if not empty.")
    flags.DEFINE_bool("dry_run", False, "Print the resolved configuration and stop.")
    flags.DEFINE_integer(
        "stop_after_epochs", None, "End after so many more epochs; the same command goes on later.",
        lower_bound=1,
    )  # fmt: skip
    define_flags(EmbedderConfig)
    entry.run(main)


if __name__ == "__main__":
    cli()
