"""Training an embedder, from configuration to result.json."""

from trainers import training
from trainers.embedder.config import remarks
from trainers.embedder.task import EmbedderTask


def embedder_task(config, records, held_out, strategy, run):
    """The plain training; what `train` makes unless told otherwise."""
    del run
    return EmbedderTask(config, records, held_out, strategy)


def train(config, workdir, *, make_task=embedder_task, stop_after_epochs=None, stream=None):
    """Trains an embedder; arguments and result as of `trainers.training.train`.

    Args:
      config: EmbedderConfig, as `resolve` returns it.
    """
    return training.train(
        config, workdir, make_task=make_task, remarks=remarks(config),
        stop_after_epochs=stop_after_epochs, stream=stream,
    )  # fmt: skip
