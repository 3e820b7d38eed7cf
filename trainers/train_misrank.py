"""Trains a generator that makes a person embedder rank wrongly, in one pass a picture.

    python -m trainers.train_misrank --preset=small --data=runs/demo/people \\
        --victim=runs/demo/train --workdir=runs/misrank

attacks the model in --victim with at most 16/255 a pixel; --num_pixels=0.5 changes half of the
pixels, --preset=reference takes the losses, weights and perturbation of the paper's released code
(docs/decisions/0011 says what else differs). --dry_run prints the settings,
the same command resumes a stopped run. Attack only models that you may test.
"""

from trainers import training_command
from trainers.misrank import PRESETS, MisrankConfig, resolve, train


def cli():
    """The console script."""
    training_command.run(MisrankConfig, PRESETS, resolve, train)


if __name__ == "__main__":
    cli()
