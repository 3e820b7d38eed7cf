"""Training a mis-ranking generator, from configuration to result.json."""

from keras_reid.data.records import num_identities
from keras_reid.errors import ReIDError
from keras_reid.models import check_gradient, load_model
from keras_reid.runs.run_config import read_json
from trainers import training
from trainers.misrank.task import MisrankTask


def train(config, workdir, *, stop_after_epochs=None, stream=None):
    """Trains a generator against a victim; arguments and result as of `trainers.training.train`.

    Args:
      config: MisrankConfig, as `trainers.misrank.resolve` returns it.
    """
    victim = load_victim(config)

    def make_task(config, records, held_out, strategy, run):
        data = read_json(run.path / "config.json")["data_fingerprint"]
        known = labels_are_classes(config, victim, records, data)
        return MisrankTask(config, victim, records, held_out, strategy, labels_are_classes=known)

    return training.train(
        config, workdir, make_task=make_task,
        remarks=training.held_out_remarks(config, config.victim),
        pinned={"victim_fingerprint": victim.identity},
        stop_after_epochs=stop_after_epochs, stream=stream,
    )  # fmt: skip


def load_victim(config):
    """The LoadedModel of --victim, for crops of --input_size, with what the objective needs."""
    victim = load_model(
        config.victim, default_size=config.input_size, pixel_range=config.pixel_range,
        output=config.output_head, signature=config.signature,
    )  # fmt: skip
    if tuple(victim.input_size) != tuple(config.input_size):
        height, width = victim.input_size
        raise ReIDError(
            f"{config.victim} takes crops of {height}x{width} (height x width); give "
            f"--input_size={height},{width}"
        )
    if config.xent_weight and victim.logits is None:
        raise ReIDError(
            f"{config.victim} has no class scores to be mistaken in; give --xent_weight=0"
        )
    check_gradient(victim)
    return victim


def labels_are_classes(config, victim, records, data_fingerprint):
    """Whether the victim was trained on the same people, which its classes then number alike.

    Args:
      data_fingerprint: of the data set that the generator is trained on.
    """
    if victim.logits is None or victim.config is None:
        return False
    there = victim.config
    same = all(there.get(name) == getattr(config, name) for name in ("seed", "held_out"))
    classes = getattr(victim.model, "num_ids", None)
    same = same and there.get("data_fingerprint") == data_fingerprint
    return bool(same and classes == num_identities(records))
