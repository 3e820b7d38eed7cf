"""Whether an attack has a gradient to follow."""

import numpy as np
import tensorflow as tf

from keras_reid.errors import ReIDError, first_line

REMEDY = "gradient attacks need float inputs and differentiable operations all the way"


def check_gradient(loaded):
    """Raises ReIDError when `loaded.embed` has no gradient that an attack can use."""
    gradient = check_differentiable(loaded)
    if gradient is None:
        raise ReIDError(f"{loaded.source} has no gradient with respect to its images; {REMEDY}")
    if not gradient.any():
        raise ReIDError(f"{loaded.source} has a gradient that is zero everywhere; {REMEDY}")


def check_differentiable(loaded):
    """Raises ReIDError where an attack would break off; a gradient may be missing or zero.

    Returns:
      The gradient of two random images, or None where the embedding does not depend on them.
    """
    generator = np.random.default_rng(0)
    images = tf.constant(generator.random((2, *loaded.input_size, 3), np.float32))
    # A random direction: the plain norm of a normalised embedding is constant.
    direction = tf.constant(
        generator.standard_normal((1, loaded.embedding_size)).astype(np.float32)
    )
    try:
        with tf.GradientTape() as tape:
            tape.watch(images)
            score = tf.reduce_sum(loaded.embed(images) * direction)
        gradient = tape.gradient(score, images)
    except (LookupError, ValueError, tf.errors.OpError) as error:
        raise ReIDError(
            f"{loaded.source} has an operation without gradient ({first_line(error)}); {REMEDY}"
        ) from error
    if gradient is None:
        return None
    gradient = tf.convert_to_tensor(gradient).numpy()
    if not np.isfinite(gradient).all():
        raise ReIDError(f"{loaded.source} has a gradient with NaN or infinite values; {REMEDY}")
    return gradient
