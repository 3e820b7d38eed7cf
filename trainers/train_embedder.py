"""Trains a person embedder.

    python -m trainers.train_embedder --preset=small --dataset=market1501 --data=runs/demo/people \\
        --workdir=runs/embedder

--preset (or, without it, --loss) picks a published set of settings and every other flag replaces
one of them; --dry_run prints what comes out. The same command resumes a run that was stopped.
"""

from trainers import training_command
from trainers.embedder import PRESETS, EmbedderConfig, resolve, train


def cli():
    """The console script."""
    training_command.run(EmbedderConfig, PRESETS, resolve, train)


if __name__ == "__main__":
    cli()
