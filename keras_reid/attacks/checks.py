"""Refusing input that an attack could only answer with nonsense.

Values are looked at in eager calls only: a graph, in particular a served one, must not fail on one
row's values.
"""

import numpy as np
import tensorflow as tf

from keras_reid.errors import ReIDError


def check_images(images):
    """Float32 images, or a ReIDError for a wrong rank, dtype, range or NaN."""
    if isinstance(images, (list, tuple)) or isinstance(images, np.ndarray):
        images = tf.convert_to_tensor(np.asarray(images))
    if images.shape.rank != 4:
        raise ReIDError(f"images must be [N, H, W, 3], not {images.shape}; add the batch dimension")
    if not images.dtype.is_floating:
        raise ReIDError(
            f"images are {images.dtype.name}; give float32 in [0, 1], for instance pixels / 255"
        )
    images = tf.cast(images, tf.float32)
    if is_concrete(images) and images.shape.num_elements():
        low, high = float(tf.reduce_min(images)), float(tf.reduce_max(images))
        # A NaN anywhere makes the sum NaN, while minimum and maximum may pass it by.
        if not np.isfinite(float(tf.reduce_sum(images))):
            raise ReIDError("images hold NaN or infinite pixels; decode them again")
        if low < 0.0 or high > 1.0:
            raise ReIDError(
                f"images lie in [{low:.4g}, {high:.4g}], not in [0, 1]; divide uint8 pixels by 255"
            )
    return images


def check_radius(name, value):
    """Epsilon or steps, unchanged, or a ReIDError when negative or not finite."""
    if is_concrete(value):
        array = np.asarray(value)
        if not np.all(np.isfinite(array)) or np.any(array < 0):
            raise ReIDError(f"{name} must be finite and not negative, not {value}")
    return value


def check_width(embeddings, guides):
    """The embeddings [N, D], unchanged, or a ReIDError when some guide is not D wide."""
    if embeddings.shape.rank != 2:
        raise ReIDError(f"the model must return embeddings [N, D], not {embeddings.shape}")
    for side in ("push", "pull"):
        vectors = getattr(guides, side)
        if vectors is None:
            continue
        if len(vectors.shape) != 3:
            raise ReIDError(f"{side} guides must be [N, guides, D], not {tuple(vectors.shape)}")
        if None not in (vectors.shape[-1], embeddings.shape[-1]) and (
            vectors.shape[-1] != embeddings.shape[-1]
        ):
            raise ReIDError(
                f"{side} guides are {vectors.shape[-1]} wide, embeddings {embeddings.shape[-1]}; "
                "embed the guides with the model under attack"
            )
    return embeddings


def check_settings(attack):
    """Refuses settings with which `attack` is meaningless or provably dead."""
    flat_at_start = attack.guides == "own" or (
        attack.guides == "opposite" and attack.preset == "paper"
    )
    if flat_at_start and not attack.random_start:
        raise ReIDError(
            f"{attack.name} needs random_start=True: its gradient at the start is exactly zero"
        )
    if attack.metric not in ("l2", "cosine"):
        raise ReIDError(f"metric {attack.metric!r} is unknown; use l2 or cosine")
    if attack.preset not in ("paper", "reference"):
        raise ReIDError(f"preset {attack.preset!r} is unknown; use paper or reference")
    if not isinstance(attack.restarts, int) or attack.restarts < 1:
        raise ReIDError(f"restarts must be a whole number from 1, not {attack.restarts}")
    if attack.restarts > 1 and not attack.random_start:
        raise ReIDError("restarts without random_start=True would repeat the same run; set it")
    check_radius("steps", attack.steps)
    check_radius("momentum", attack.momentum)
    if attack.step_size is not None:
        check_radius("step_size", attack.step_size)


def is_concrete(value):
    """Whether the values can be looked at now: anything but a tensor of a graph being traced."""
    return not isinstance(value, tf.Tensor) or hasattr(value, "numpy")
