"""Every setting of an embedder's training."""

import dataclasses

from keras_reid.errors import ReIDError
from keras_reid.models import BACKBONES, HEADS
from trainers import plugins
from trainers.embedder import plugin_rules
from trainers.optimizers import OPTIMIZERS
from trainers.schedules import DECAYS
from trainers.settings import json_object, setting, whole_numbers
from trainers.training_config import TrainingConfig, check_at_least, check_finite, check_positive

LOSSES = ("classification", "triplet", "both")
AUTO, NONE = "auto", "none"


def _margin(text):
    return None if text == "soft" else float(text)


def _embedding_size(text):
    return None if text == AUTO else int(text)


@dataclasses.dataclass(frozen=True, kw_only=True)
class EmbedderConfig(TrainingConfig):
    """All that decides the weights that come out. Epochs are counted over the training part."""

    # Model
    model: str = setting("resnet50", "Backbone.", BACKBONES)
    head: str = setting("classification", "What follows the pooling.", HEADS)
    embedding_size: int | None = setting(
        None, "Width of a Dense layer before the embedding; auto: the head's own.",
        parse=_embedding_size,
    )  # fmt: skip
    last_stride: int = setting(2, "1 doubles the last feature map (resnet50, small).")
    alpha: float = setting(1.0, "Multiplies the number of filters (mobilenetv2, osnet, small).")
    stripes: int = setting(1, "Horizontal stripes of the feature map that are pooled apart.")
    init_from: str = setting(
        AUTO, "Weights to start from: none, imagenet, a file, a workdir, its checkpoint "
        "run/checkpoints/step-12; "
        "auto: imagenet where the backbone has such weights."
    )  # fmt: skip
    # Loss
    loss: str = setting("classification", "What is minimised.", LOSSES, or_path=True)
    loss_args: dict | None = setting(
        None, "Named arguments of --loss=package.module:Name, as JSON.", parse=json_object
    )
    loss_unit_length: bool = setting(
        False, "Scale embeddings to length 1 before --loss=package.module:Name."
    )
    identity_weight: float = setting(
        0.0, "Of the identity loss beside --loss=package.module:Name; 0: none."
    )
    margin: float | None = setting(0.3, "Of the triplet loss; soft: softplus.", parse=_margin)
    label_smoothing: float = setting(0.0, "Of the identity loss.")
    triplet_weight: float = setting(1.0, "Of the triplet loss beside the identity loss.")
    # Batches
    images_each: int = setting(0, "K: images of each person in a batch; 0: shuffled batches.")
    persons: int = setting(16, "P: persons in a batch, with --images_each.")
    batch_size: int = setting(32, "Images in a shuffled batch, with --images_each=0.")
    pad: int = setting(10, "Pixels of padding before the random crop.")
    flip: bool = setting(True, "Mirror half of the images.")
    random_erasing: float = setting(0.0, "Probability of erasing a box.")
    # Optimisation
    optimizer: str = setting(
        "adam", "adam has an L2 penalty, as published.", OPTIMIZERS, or_path=True
    )
    optimizer_args: dict | None = setting(
        None, "Named arguments of --optimizer=package.module:Name, as JSON.", parse=json_object
    )
    learning_rate: float = setting(3.5e-4, "Full learning rate.")
    weight_decay: float = setting(5e-4, "Weight decay.")
    epochs: int = setting(60, "Length of the whole run.")
    warmup_epochs: int = setting(0, "Epochs in which the rate climbs from a tenth.")
    decay: str = setting("step", "How the learning rate falls.", DECAYS)
    decay_at: tuple[int, ...] = setting(
        (20, 40), "Epochs: of each x0.1 (step), of the start (exponential).", parse=whole_numbers
    )

    def __post_init__(self):
        super().__post_init__()
        plugin_rules.check_settings(self)
        _check(self)

    @property
    def images_per_step(self):
        return self.persons * self.images_each if self.images_each else self.batch_size


def _check(config):
    def refuse(sentence):
        raise ReIDError(sentence)

    check_at_least(config, 1, "epochs", "batch_size", "persons")
    check_positive(config, "learning_rate", "triplet_weight")
    check_at_least(config, 0, "warmup_epochs", "weight_decay", "pad", "images_each")
    for name in ("label_smoothing", "random_erasing"):
        if not 0 <= getattr(config, name) <= 1:
            refuse(f"--{name} is a share between 0 and 1, not {getattr(config, name)}")
    check_finite(config)
    if config.margin is not None and config.margin < 0:
        refuse(f"--margin must be soft or not negative, not {config.margin}")
    if config.loss != "classification" and config.images_each < 2:
        loss = f"--loss={config.loss}" if plugins.is_path(config.loss) else "the triplet loss"
        refuse(f"{loss} needs at least two images of each person in a batch: --images_each=4")
    if (config.decay in ("step", "exponential")) != bool(config.decay_at):
        refuse(
            f"--decay={config.decay} and --decay_at={','.join(map(str, config.decay_at))} "
            "do not go together; step and exponential need epochs, the others have none"
        )


def remarks(config):
    """Sentences on settings without effect: no errors, for a preset may be tried for few epochs."""
    found = []
    if config.warmup_epochs and config.warmup_epochs >= config.epochs:
        found.append(
            f"--warmup_epochs={config.warmup_epochs} is not over before --epochs={config.epochs}: "
            "no epoch has the full learning rate"
        )
    if config.decay_at and min(config.decay_at) >= config.epochs:
        found.append(
            f"--decay_at={','.join(map(str, config.decay_at))} is not before "
            f"--epochs={config.epochs}: the learning rate never falls"
        )
    return found + plugin_rules.remarks(config)
