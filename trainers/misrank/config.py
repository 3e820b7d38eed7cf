"""Every setting of a mis-ranking generator's training."""

import dataclasses

from keras_reid.errors import ReIDError
from keras_reid.misrank import MisrankObjective, count_pixels, parse_num_pixels
from keras_reid.misrank.blocks import NORMS
from keras_reid.misrank.discriminator import SCALES
from keras_reid.misrank.gan_losses import GANS, SCORED
from keras_reid.misrank.model import MASKS
from keras_reid.misrank.objective import LOGARITHMS, OTHERS, SCALINGS
from keras_reid.misrank.perturb import PERTURBATIONS
from keras_reid.misrank.step import HEADS, TEMPERATURES
from keras_reid.models.loaded import PIXEL_RANGES
from trainers.schedules import DECAYS
from trainers.settings import setting, whole_numbers
from trainers.training_config import TrainingConfig, check_at_least, check_finite, check_positive

DISTANCES = ("squared", "euclidean")


@dataclasses.dataclass(frozen=True, kw_only=True)
class MisrankConfig(TrainingConfig):
    """All that decides the weights that come out. Defaults: SPEC's, the method as published."""

    # Victim
    victim: str = setting(
        "",
        "Whom to fool: workdir, .keras or .pth file, SavedModel or package.module:function.",
    )
    pixel_range: str | None = setting(None, "Pixels a foreign victim expects.", PIXEL_RANGES)
    output_head: str | None = setting(None, "Which output of a foreign victim is the embedding.")
    signature: str | None = setting(None, "Signature of a foreign SavedModel.")
    # Attack
    epsilon_255: float = setting(16.0, "Radius, in 1/255.")
    num_pixels: int | float | None = setting(
        None, "Pixels that may change: a count, a share such as 0.5, or none for all of them.",
        parse=parse_num_pixels,
    )  # fmt: skip
    anneal_epochs: int = setting(0, "Epochs in which the number comes down from all of them.")
    mask: str = setting("learnt", "none: no mask, for the ablation.", MASKS)
    mask_head: str = setting("learnt", "frozen: it is never updated, as released.", HEADS)
    tau: float = setting(0.5, "Temperature of the mask, to begin with.")
    temperature: str = setting("fixed", "Whether tau is learnt, too.", TEMPERATURES)
    perturbation: str = setting("tanh", "released: rescaled outside the gradient.", PERTURBATIONS)
    # Networks
    filters: int = setting(32, "Of the generator's stem.")
    blocks: int = setting(6, "Residual blocks of the generator: 6 or 9.")
    norm: str = setting("batch", "Normalisation of both networks.", NORMS)
    discriminator: str = setting("multi_stage", "patch: one scale, the ablation.", SCALES)
    discriminator_filters: int = setting(64, "Of its first convolutions and of the mask head.")
    # Objective
    gan: str = setting("log", "What the discriminator minimises.", GANS)
    scored: str = setting("all", "Scales that are trained; smallest: as released.", SCORED)
    gan_weight: float = setting(1.0, "Of fooling the discriminator.")
    xent_weight: float = setting(1.0, "Of the misclassification.")
    rank_weight: float = setting(1.0, "Of the mis-ranking.")
    perception_weight: float = setting(1.0, "Of 1 - MS-SSIM.")
    margin: float = setting(0.3, "Of the mis-ranking.")
    rank_distance: str = setting("squared", "Distance of the mis-ranking.", DISTANCES)
    include_self: bool = setting(False, "The anchor is a match of itself, as released.")
    other: str = setting("adversarial", "Images that the attacked ones are ranked among.", OTHERS)
    scaling: str = setting("mean_clean_norm", "What embeddings are divided by.", SCALINGS)
    logarithm: str = setting("none", "mean: of the mean losses, as released.", LOGARITHMS)
    smoothing: float = setting(0.1, "Of the misclassification's target.")
    # Batches and optimisation
    persons: int = setting(8, "P: persons in a batch.")
    images_each: int = setting(4, "K: images of each person in a batch.")
    pad: int = setting(0, "Pixels of padding before the random crop.")
    flip: bool = setting(True, "Mirror half of the images.")
    learning_rate: float = setting(2e-4, "Of both networks, by Adam with betas 0.5, 0.999.")
    epochs: int = setting(50, "Length of the whole run.")
    warmup_epochs: int = setting(0, "Epochs in which the rate climbs from a tenth.")
    decay: str = setting("constant", "How the learning rate falls.", DECAYS)
    decay_at: tuple[int, ...] = setting((), "Epochs of the decay.", parse=whole_numbers)

    def __post_init__(self):
        super().__post_init__()
        check_at_least(self, 1, "epochs", "images_each", "filters", "blocks", "persons",
                       "discriminator_filters")  # fmt: skip
        check_at_least(self, 0, "anneal_epochs", "warmup_epochs", "pad")
        check_positive(self, "learning_rate", "tau")
        check_finite(self)
        _check(self)

    @property
    def epsilon(self):
        """The radius in [0, 1]."""
        return self.epsilon_255 / 255

    @property
    def pixel_count(self):
        """How many pixels of a crop may change."""
        return count_pixels(self.num_pixels, self.input_size[0] * self.input_size[1])


def make_objective(config):
    """The MisrankObjective of a configuration."""
    names = {field.name for field in dataclasses.fields(MisrankObjective)} - {"squared"}
    return MisrankObjective(
        squared=config.rank_distance == "squared", **{name: getattr(config, name) for name in names}
    )


def _check(config):
    if not config.victim:
        raise ReIDError("--victim is missing: the model to fool, for instance a trainer's workdir")
    if config.persons < 2:
        raise ReIDError(
            "--persons=1 makes batches of one person, and mis-ranking needs strangers; use 2 or "
            "more"
        )
    if not 0 < config.epsilon_255 <= 255:
        raise ReIDError(f"--epsilon_255 must lie above 0 and up to 255, not {config.epsilon_255}")
    if config.num_pixels is not None and config.mask == "none":
        raise ReIDError("--mask=none changes every pixel; leave out --num_pixels, or learn a mask")
    if config.anneal_epochs and config.num_pixels is None:
        raise ReIDError("--anneal_epochs leads to --num_pixels, which is none; give a number")
    make_objective(config)  # refuses weights that make no sense
    count_pixels(config.num_pixels, config.input_size[0] * config.input_size[1])
