"""Sets of settings to start from."""

import dataclasses

from keras_reid.errors import ReIDError
from keras_reid.misrank import RELEASED
from trainers.misrank.config import MisrankConfig

_LIKE_RELEASED = {key: value for key, value in RELEASED.items() if key != "squared"}

# "published": SPEC 4. "reference": with what the released code does otherwise. "small": ours, for
# the small victim on a CPU, checked on the synthetic people's training part.
PRESETS = {
    "published": {},
    "reference": {
        **_LIKE_RELEASED, "rank_distance": "euclidean", "perturbation": "released",
        "mask_head": "frozen",
    },
    "small": {
        "input_size": (64, 32), "filters": 8, "blocks": 3, "discriminator_filters": 8,
        "learning_rate": 2e-3, "epochs": 12, "decay": "cosine", "cache_images": True,
        # Ranked among clean images, as at test time; a louder discriminator wins against so few
        # filters and takes the attack's strength (docs/misrank.md).
        "other": "clean", "rank_weight": 3.0, "xent_weight": 0.3, "gan_weight": 0.02,
    },
}  # fmt: skip


def resolve(preset=None, **overrides):
    """The preset with some settings replaced.

    Args:
      preset: a key of PRESETS; None: "published".
    """
    preset = preset or "published"
    if preset not in PRESETS:
        raise ReIDError(f"preset {preset!r} is unknown; use one of {', '.join(PRESETS)}")
    known = {field.name for field in dataclasses.fields(MisrankConfig)}
    unknown = sorted(set(overrides) - known)
    if unknown:
        raise ReIDError(f"no setting is called {', '.join(unknown)}")
    return MisrankConfig(**{**PRESETS[preset], **overrides})
