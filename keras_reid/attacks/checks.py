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


def check_radius(name, value, largest=1.0):
    """Epsilon, step_size or momentum, unchanged, or a ReIDError outside [0, largest]."""
    if is_concrete(value):
        array = np.asarray(value)
        if not np.all(np.isfinite(array)) or np.any(array < 0):
            raise ReIDError(f"{name} must be finite and not negative, not {value}")
        if np.any(array > largest + 1e-6):
            raise ReIDError(f"{name} must be in [0, {largest:g}], not {value}; write 5 / 255 for 5")
    return value


def check_steps(value):
    """Steps, unchanged, or a ReIDError when they are negative or no whole numbers."""
    if is_concrete(value):
        array = np.asarray(value)
        if not np.all(np.isfinite(array)) or np.any(array < 0) or np.any(array % 1):
            raise ReIDError(f"steps must be whole numbers from 0, not {value}")
    return value


def check_count(name, value, count):
    """A scalar or one value per image, unchanged, or a ReIDError."""
    shape = tuple(np.shape(value)) if is_concrete(value) else tuple(value.shape)
    if shape not in ((), (None,)) and is_concrete(count) and shape != (int(count),):
        raise ReIDError(f"{name} has shape {shape}; give one value, or one for each image")
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
        if None not in (vectors.shape[0], embeddings.shape[0]) and (
            vectors.shape[0] != embeddings.shape[0]
        ):
            raise ReIDError(
                f"{side} guides are for {vectors.shape[0]} images, not {embeddings.shape[0]}; "
                "give every image its own row, of weight 0 where it has none"
            )
        if None not in (vectors.shape[-1], embeddings.shape[-1]) and (
            vectors.shape[-1] != embeddings.shape[-1]
        ):
            raise ReIDError(
                f"{side} guides are {vectors.shape[-1]} wide, embeddings {embeddings.shape[-1]}; "
                "embed the guides with the model under attack"
            )
    return embeddings


def check_perturbation(perturbation, images):
    """The start's float32 perturbation, or a ReIDError for another shape or for NaN."""
    perturbation = tf.cast(perturbation, tf.float32)
    if not perturbation.shape.is_compatible_with(images.shape):
        raise ReIDError(
            f"initial_perturbation is {perturbation.shape}, the images are {images.shape}"
        )
    if is_concrete(perturbation) and not np.all(np.isfinite(perturbation)):
        raise ReIDError("initial_perturbation holds NaN or infinite values")
    return perturbation


def check_guides(guides):
    """The guides, unchanged, or a ReIDError for values or weights that no attack can use."""
    for side in ("push", "pull"):
        vectors, weight = getattr(guides, side), getattr(guides, f"{side}_weight")
        if weight is not None and (vectors is None or weight.shape[:2] != vectors.shape[:2]):
            raise ReIDError(f"{side}_weight must be [N, guides] beside {side} guides")
        for part in (vectors, weight):
            if part is not None and is_concrete(part) and not np.all(np.isfinite(part)):
                raise ReIDError(f"{side} guides hold NaN or infinite values; embed them again")
        if weight is not None and is_concrete(weight) and np.any(np.asarray(weight) < 0):
            raise ReIDError(f"{side}_weight must not be negative; swap push and pull instead")
    return guides


def check_settings(attack):
    """Refuses settings with which `attack` is meaningless or provably dead."""
    released_odfa = attack.preset == "reference" and attack.metric == "l2"
    flat_at_start = attack.guides == "own" or (attack.guides == "opposite" and not released_odfa)
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
    if attack.guides == "classes" and attack.metric != "l2":
        raise ReIDError(f"{attack.name} attacks logits, which have no metric; leave it out")
    check_steps(attack.steps)
    check_radius("momentum", attack.momentum, largest=10.0)
    if attack.step_size is not None:
        check_radius("step_size", attack.step_size)


def is_concrete(value):
    """Whether the values can be looked at now: anything but a tensor of a graph being traced."""
    return not isinstance(value, tf.Tensor) or hasattr(value, "numpy")
