"""From what the generator says to a perturbation inside the ball."""

import tensorflow as tf

from keras_reid.attacks.steps import as_column, per_image
from keras_reid.errors import ReIDError

PERTURBATIONS = ("tanh", "released")
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)


def perturbation(raw, epsilon, kind="tanh"):
    """P' of the mis-ranking GAN: before the mask, inside the ball, each image by itself.

    Args:
      raw: [N, H, W, 3], the generator's output.
      epsilon: radius in [0, 1], float or [N].
      kind: "tanh": epsilon * tanh(raw), whose mean is zero where raw's is; "released": tanh taken
        for an image in [-1, 1], normalised by ImageNet's mean, and each colour scaled down until
        its largest value is epsilon, outside the gradient.

    Returns:
      float32 [N, H, W, 3] in [-epsilon, epsilon].
    """
    if kind not in PERTURBATIONS:
        raise ReIDError(f"perturbation {kind!r} is unknown; use one of {', '.join(PERTURBATIONS)}")
    wave = tf.tanh(tf.cast(raw, tf.float32))
    epsilon = as_column(per_image(epsilon, tf.shape(raw)[0]))
    if kind == "tanh":
        return epsilon * wave
    pixels = (wave + 1.0) / 2.0 - tf.constant(_MEAN)
    largest = tf.reduce_max(tf.abs(pixels), axis=[1, 2], keepdims=True)
    value = pixels * tf.minimum(1.0, tf.math.divide_no_nan(epsilon, largest))
    # There the gradient is 1 in normalised pixels, whatever the scaling.
    slope = wave * tf.constant(_DEVIATION)
    return tf.stop_gradient(value) + (slope - tf.stop_gradient(slope))


def clip01(images):
    """Images within [0, 1]; the gradient is 0 where they were cut off."""
    return tf.clip_by_value(images, 0.0, 1.0)
