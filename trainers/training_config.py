"""The settings that every training has: its data and how it runs."""

import dataclasses
import math

from keras_reid.data import LOADERS
from keras_reid.errors import ReIDError
from trainers.settings import check_choices, setting, size

MIXED_PRECISIONS = {"none": "float32", "float16": "mixed_float16", "bfloat16": "mixed_bfloat16"}
STRATEGIES = ("none", "mirrored")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Data and run; each kind of training adds what it decides."""

    # Data
    dataset: str = setting("market1501", "Layout of the data.", LOADERS)
    data: str = setting("", "Folder of the data set; with --dataset=csv the file.")
    acknowledge_withdrawn: bool = setting(False, "Read DukeMTMC-reID although withdrawn.")
    camid_policy: str | None = setting(None, "CSV: give every image its own camera.", ["unique"])
    cuhk03_images: str = setting("detected", "CUHK03: whose boxes.", ["detected", "labeled"])
    include_val: bool = setting(False, "MSMT17: train on list_val.txt too.")
    input_size: tuple[int, int] = setting((256, 128), "Height,width of the crops.", parse=size)
    held_out: float = setting(
        0.1, "Share of the training identities kept for validation and model selection; 0: none."
    )
    skip_bad_images: bool = setting(False, "Train without the images that cannot be read.")
    cache_images: bool = setting(False, "Decode every image once and keep it in memory.")
    # Run
    validate_every: int = setting(1, "Epochs between validations; the last epoch always has one.")
    mixed_precision: str = setting("none", "Of the networks in training.", MIXED_PRECISIONS)
    strategy: str = setting("none", "mirrored: a replica on every device.", STRATEGIES)
    deterministic: bool = setting(False, "Two runs give equal weights, bit for bit.")
    seed: int = setting(0, "Of weights, batches and augmentation.")

    def __post_init__(self):
        check_choices(self)
        check_at_least(self, 1, "validate_every")
        check_at_least(self, 0, "seed")
        if not 0 <= self.held_out <= 0.9:
            raise ReIDError(f"--held_out is a share between 0 and 0.9, not {self.held_out}")


def check_finite(config):
    """Refuses NaN, which passes every comparison, and infinity; after what says more."""
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if isinstance(value, float) and not math.isfinite(value):
            raise ReIDError(f"--{field.name} must be a finite number, not {value}")


def check_at_least(config, least, *names):
    """Refuses settings below `least`, 0 or 1."""
    for name in names:
        value = getattr(config, name)
        if value < least:
            rule = (
                "must not be negative, but is" if least == 0 else f"must be at least {least}, not"
            )
            raise ReIDError(f"--{name} {rule} {value}")


def check_positive(config, *names):
    """Refuses settings that are not above 0."""
    for name in names:
        if not 0 < getattr(config, name) < float("inf"):
            raise ReIDError(f"--{name} must be positive, not {getattr(config, name)}")
