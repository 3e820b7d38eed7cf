"""Defended training, from configuration to result.json."""

import sys

from keras_reid.data.records import class_labels
from keras_reid.defenses import short_of_pushes
from trainers.embedder.train import train as train_embedder
from trainers.goat.offline import FOLDER, adversarial_records
from trainers.goat.task import GoatTask, MadvTask, RobustTask
from trainers.training import held_out_remarks

TASKS = {"goat": GoatTask, "madv": MadvTask, "offline": RobustTask}


def train(config, workdir, *, stop_after_epochs=None, stream=None):
    """Trains with a defence; arguments and result as of `trainers.embedder.train`.

    Args:
      config: GoatConfig, as `trainers.goat.resolve` returns it.
    """
    stream = stream or sys.stderr

    def make_task(config, records, held_out, strategy, run):
        for remark in (*held_out_remarks(config, config.init_from), *data_remarks(config, records)):
            print(f"warning: {remark}", file=stream)
        if config.defense == "offline":
            attacked = adversarial_records(config, records, run.path / FOLDER, stream)
            records = (*records, *attacked)
        return TASKS[config.defense](config, records, held_out, strategy)

    return train_embedder(
        config, workdir, make_task=make_task, stop_after_epochs=stop_after_epochs, stream=stream
    )


def data_remarks(config, records):
    """Sentences on people with too few images for the guides asked for."""
    if not config.n_push:
        return []
    few, alone = short_of_pushes(class_labels(records), config.n_push)
    found = []
    if few:
        found.append(
            f"people with fewer than {config.n_push + 1} images: {few}; theirs are pushed from as "
            "many as there are"
        )
    if alone:
        found.append(f"people with one image: {alone}; it is pushed from another view of itself")
    return found
