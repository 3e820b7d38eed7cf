"""Every setting of a defended training: those of the embedder's, and those of the defence."""

import dataclasses

from keras_reid.attacks import ATTACKS
from keras_reid.defenses import BATCH_NORMS, EPS_SPACES, PULL_SOURCES, adversarial_count
from keras_reid.defenses import make_inner_attack as library_attack
from keras_reid.errors import ReIDError
from keras_reid.models.weights import is_whole_model
from trainers.embedder import EmbedderConfig
from trainers.embedder.losses import has_classifier
from trainers.settings import names, setting

DEFENSES = ("goat", "offline", "madv")
AUTO = "auto"
VALIDATION_ATTACKS = tuple(name for name in ATTACKS if name != "xent")
SELECTED_BY = ("score_map", "score", "mean_map", "map", "robust_map")


@dataclasses.dataclass(frozen=True, kw_only=True)
class GoatConfig(EmbedderConfig):
    """All that decides the weights that come out."""

    # Defence
    defense: str = setting(
        "goat", "goat: train on attacked batches; offline: attack the training set once with the "
        "model of --init_from, merge, retrain; madv: clean and attacked halves.", DEFENSES,
    )  # fmt: skip
    n_push: int = setting(4, "Guides of the same person to push each image from.")
    n_pull: int = setting(1, "Guides of its furthest person to pull each image to.")
    pull: str = setting(
        "bank", "bank: images of the furthest person, found every epoch; prototype: their mean; "
        "batch: the furthest embeddings of the batch; batch_with_own: the same as released.",
        PULL_SOURCES,
    )  # fmt: skip
    attack: str = setting(
        AUTO, "Inner attack; auto: sma without guides, otherwise pgd.", (AUTO, *ATTACKS)
    )
    attack_steps: int = setting(7, "Steps of the inner attack.")
    epsilon_255: float = setting(5.0, "Radius of the inner attack, in 1/255.")
    step_255: float = setting(1.0, "Step of the inner attack, in 1/255.")
    eps_space: str = setting(
        "pixel", "Where --epsilon_255 and --step_255 are told; normalised: as released.", EPS_SPACES
    )
    random_start: bool = setting(True, "Start the inner attack somewhere in the ball.")
    attack_metric: str = setting("l2", "Distance that the attack moves.", ("l2", "cosine"))
    attack_batch_norm: str = setting(
        "inference", "Statistics of the attack's passes: moving ones, those of the batch without a "
        "trace, or released: of the batch, and each pass moves the moving ones.", BATCH_NORMS,
    )  # fmt: skip
    adversarial_ratio: float = setting(1.0, "Share of a batch that goat attacks.")
    consistency_weight: float = setting(
        0.0, "madv: of the distance between clean and attacked embedding (as TRADES)."
    )
    validation_attacks: tuple[str, ...] = setting(
        ("sma", "fna"), "Attacks on held-out people, in pixel space, at 1/2, 1 and 2 epsilon; the "
        "worst of them counts for each query.", parse=names,
    )  # fmt: skip
    validation_steps: int = setting(7, "Their steps; they reach the ball's edge.")
    select_by: str = setting(
        "score_map", "Which figure of held-out people picks the best weights. score: the "
        "robustness score, which a model that finds nobody wins; score_map: times the clean mAP; "
        "map: clean; robust_map: attacked; mean_map: the mean of these two.", SELECTED_BY,
    )  # fmt: skip

    def __post_init__(self):
        super().__post_init__()
        _check(self)

    @property
    def epsilon(self):
        """The radius in [0, 1], told in `eps_space`."""
        return self.epsilon_255 / 255


def make_inner_attack(config):
    """The InnerAttack of a configuration."""
    return library_attack(
        config.attack,
        epsilon=config.epsilon,
        steps=config.attack_steps,
        step_size=config.step_255 / 255,
        random_start=config.random_start,
        metric=config.attack_metric,
        space=config.eps_space,
    )


def takes_guides(attack):
    """Whether --n_push and --n_pull mean something to a row of the table of attacks."""
    return attack != "fna" and ATTACKS[attack].get("guides", "given") == "given"


def _check(config):
    def refuse(sentence):
        raise ReIDError(sentence)

    for name in ("n_push", "n_pull", "consistency_weight"):
        if getattr(config, name) < 0:
            refuse(f"--{name} must not be negative, but is {getattr(config, name)}")
    for name in ("attack_steps", "validation_steps"):
        if getattr(config, name) < 1:
            refuse(f"--{name} must be at least 1, not {getattr(config, name)}")
    for name in ("epsilon_255", "step_255"):
        if not 0 < getattr(config, name) <= 255:
            refuse(f"--{name} must lie above 0 and up to 255, not {getattr(config, name)}")
    guides = config.n_push + config.n_pull
    if guides and not takes_guides(config.attack):
        refuse(
            f"--attack={config.attack} finds its own guides; leave out --n_push and --n_pull, or "
            "use pgd, ifgsm, mifgsm or fgsm"
        )
    if not guides and takes_guides(config.attack):
        refuse(f"--attack={config.attack} needs --n_push or --n_pull; sma and odfa need neither")
    if config.attack == "xent" and not has_classifier(config):
        refuse(
            f"--attack=xent attacks class scores, and --loss={config.loss} has none; use "
            "--attack=sma"
        )
    if config.n_pull >= config.images_per_step and config.pull not in ("bank", "prototype"):
        refuse(f"--pull={config.pull} needs --n_pull below the {config.images_per_step} of a batch")
    if not 0 < config.adversarial_ratio <= 1:
        refuse(f"--adversarial_ratio must lie above 0 and up to 1, not {config.adversarial_ratio}")
    if not adversarial_count(config.adversarial_ratio, config.images_per_step):
        refuse(
            f"--adversarial_ratio={config.adversarial_ratio} attacks none of a batch of "
            f"{config.images_per_step} images; raise it"
        )
    if config.adversarial_ratio < 1 and config.defense != "goat":
        refuse(f"--adversarial_ratio is for --defense=goat, not {config.defense}")
    if config.consistency_weight and config.defense != "madv":
        refuse(
            "--consistency_weight compares the clean with the attacked half of a batch; use it "
            "with --defense=madv"
        )
    for name in config.validation_attacks:
        if name not in VALIDATION_ATTACKS:
            refuse(f"--validation_attacks: {name!r} is none of {', '.join(VALIDATION_ATTACKS)}")
    if not config.validation_attacks:
        refuse("--validation_attacks is empty; name at least one, such as sma,fna")
    if config.defense == "offline" and not is_whole_model(config.init_from):
        refuse(
            "--defense=offline attacks the training set with the model it starts from; give "
            "--init_from=WORKDIR of a clean training"
        )
    make_inner_attack(config)  # refuses what the attack can't be
