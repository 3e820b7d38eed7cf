"""The published sets of settings, and which one a command starts from."""

import dataclasses

from keras_reid.errors import ReIDError
from keras_reid.models import BACKBONES
from trainers.embedder.config import AUTO, NONE, EmbedderConfig
from trainers.embedder.plugin_rules import check_code, check_given
from trainers.plugins import is_path

# SPEC 3. "small" is ours: for the small backbone on a CPU, checked on the synthetic people.
PRESETS = {
    "classification": EmbedderConfig(),
    "triplet": EmbedderConfig(
        head="triplet", loss="triplet", margin=None, persons=18, images_each=4,
        learning_rate=3e-4, weight_decay=0.0, epochs=100, decay="exponential", decay_at=(50,),
    ),
    # Luo et al. 2019, arXiv:1903.07071.
    "strong": EmbedderConfig(
        head="strong", last_stride=1, loss="both", margin=0.3, label_smoothing=0.1,
        persons=16, images_each=4, random_erasing=0.5, epochs=120, warmup_epochs=10,
        decay="step", decay_at=(40, 70),
    ),
    # Zhou et al. 2019, arXiv:1905.00953, as torchreid trains it, but for AMSGrad.
    "osnet": EmbedderConfig(
        model="osnet", head="osnet", label_smoothing=0.1, batch_size=64, learning_rate=1.5e-3,
        epochs=150, decay="step", decay_at=(60, 120),
    ),
    # Sizes of Sun et al. 2018, arXiv:1711.09349; the optimizer is that of "classification".
    "pcb": EmbedderConfig(
        input_size=(384, 128), head="pcb", last_stride=1, stripes=6, batch_size=64,
    ),
    # Zhang et al. 2017, arXiv:1711.08184, without mutual learning.
    "aligned": EmbedderConfig(
        head="aligned", stripes=8, loss="both", margin=0.3, persons=32, images_each=4,
        learning_rate=1e-3, epochs=300, decay="step", decay_at=(80, 160),
    ),
    "small": EmbedderConfig(
        input_size=(64, 32), model="small", head="strong", last_stride=1, stripes=2, loss="both",
        margin=0.3, label_smoothing=0.1, persons=8, images_each=4, pad=4, random_erasing=0.3,
        optimizer="adamw", learning_rate=3e-3, weight_decay=1e-2, epochs=30, warmup_epochs=2,
        decay="cosine", decay_at=(), cache_images=True,
    ),
}  # fmt: skip
PRESET_OF_LOSS = {"classification": "classification", "triplet": "triplet", "both": "strong"}


def resolve(preset=None, **overrides):
    """The preset with some settings replaced, and everything automatic decided.

    Args:
      preset: a key of PRESETS; None: the published one for the loss given.
    """
    loss = overrides.get("loss")
    check_given(overrides)
    # A plug-in loss compares embeddings, so it starts from what the triplet loss starts from.
    preset = preset or ("triplet" if is_path(loss) else PRESET_OF_LOSS.get(loss, "classification"))
    if preset not in PRESETS:
        raise ReIDError(f"preset {preset!r} is unknown; use one of {', '.join(PRESETS)}")
    alone = loss == "triplet" or (is_path(loss) and not overrides.get("identity_weight"))
    if preset == "small" and alone:
        # Alone and from random weights, a triplet loss collapses where nothing normalises what
        # it reads; the classification head's embedding is batch-normalised.
        overrides = {"head": "classification", "margin": None, **overrides}
    if "decay" in overrides:
        overrides = {"decay_at": (), **overrides}
    config = dataclasses.replace(PRESETS[preset], **overrides)
    check_code(config)
    if config.init_from == AUTO:
        config = dataclasses.replace(
            config, init_from="imagenet" if BACKBONES[config.model].imagenet else NONE
        )
    return config
