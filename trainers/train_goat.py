"""Trains a person embedder that withstands attacks: GOAT and its fellow defences.

    python -m trainers.train_goat --preset=small --data=runs/demo/people \\
        --init_from=runs/demo/train --n_push=4 --n_pull=1 --workdir=runs/goat

starts from a clean model and trains on batches attacked with guides from the training set;
--n_push=0 --n_pull=0 needs no guides. --defense=offline and --defense=madv are the alternatives,
--preset=reference does what the paper's released code does. Everything else is as in
trainers.train_embedder: --dry_run prints the settings, the same command resumes a stopped run.
"""

from trainers import training_command
from trainers.goat import PRESETS, GoatConfig, resolve, train


def cli():
    """The console script."""
    training_command.run(GoatConfig, PRESETS, resolve, train)


if __name__ == "__main__":
    cli()
