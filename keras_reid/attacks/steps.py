"""One step's pieces: random start, momentum, projection, and rounding that stays in the ball.

Everything is per image: no value of one image of a batch reaches another.
"""

import numbers

import tensorflow as tf

from keras_reid.attacks.checks import check_count
from keras_reid.errors import ReIDError

# Added to an image's key once per restart: far from any key that a user counts up to.
RESTART_STRIDE = 0x9E3779B1
# The same for every step and every question of an attack that asks instead of differentiating.
STEP_STRIDE = 0xC2B2AE3D27
QUESTION_STRIDE = 0x85EBCA6B9D41


def image_keys(seed, count, restart=0):
    """One random key per image, so that image i never depends on its batch.

    Args:
      seed: int64 [count]; or a pair (a, b), which stands for the keys (a, b + index); or one int s,
        which stands for (0, s).
      count: number of images, int or scalar tensor.
      restart: which restart the keys are for; 0 leaves them as they are.

    Returns:
      int64 [count, 2].
    """
    if isinstance(seed, numbers.Integral):
        seed = (0, seed)
    if isinstance(seed, (tuple, list)):
        if len(seed) != 2:
            raise ReIDError(
                f"seed must be a pair of integers or an int64 [N] array, not {len(seed)} values"
            )
        first = tf.fill([count], tf.cast(seed[0], tf.int64))
        second = tf.cast(seed[1], tf.int64) + tf.range(tf.cast(count, tf.int64))
    else:
        second = tf.cast(check_count("seed", seed, count), tf.int64)
        first = tf.zeros_like(second)
    return tf.stack([first + restart * RESTART_STRIDE, second], axis=1)


def uniform_noise(keys, image_shape):
    """Uniform noise in [-1, 1), each image from its own key.

    Args:
      keys: int64 [N, 2].
      image_shape: [H, W, 3], ints or a tensor.

    Returns:
      float32 [N, H, W, 3].
    """

    def draw(key):
        # Named, because the default algorithm depends on the device.
        return tf.random.stateless_uniform(image_shape, key, -1.0, 1.0, alg="philox")

    return tf.map_fn(draw, keys, fn_output_signature=tf.float32)


def normal_noise(keys, image_shape):
    """Standard normal noise, each image from its own key; arguments as of `uniform_noise`."""

    def draw(key):
        return tf.random.stateless_normal(image_shape, key, alg="philox")

    return tf.map_fn(draw, keys, fn_output_signature=tf.float32)


def later(keys, index, stride):
    """The keys [N, 2] of the `index`-th step or question: images are told apart by the second."""
    offset = tf.cast(index + 1, tf.int64) * stride
    return keys + tf.stack([offset, tf.zeros_like(offset)])[None]


def per_image(value, count, dtype=tf.float32):
    """Broadcasts a scalar or [N] value to [N]."""
    return tf.broadcast_to(tf.cast(value, dtype), [count])


def as_column(value):
    """[N] -> [N, 1, 1, 1], to meet images."""
    return tf.reshape(value, [-1, 1, 1, 1])


def project(adversarial, images, epsilon):
    """Clips to the ball of radius `epsilon` [N, 1, 1, 1] around `images`, and to [0, 1]."""
    inside = tf.clip_by_value(adversarial, images - epsilon, images + epsilon)
    return tf.clip_by_value(inside, 0.0, 1.0)


def accumulate(velocity, gradient, decay):
    """v <- decay * v + g / ||g||_1, each image with its own norm (Dong et al. 2018, eq. 6)."""
    norm = tf.reduce_sum(tf.abs(gradient), axis=[1, 2, 3], keepdims=True)
    return decay * velocity + tf.math.divide_no_nan(gradient, norm)


def round_inside(adversarial, pixels, epsilon):
    """Rounds to uint8 without leaving the ball, also when epsilon is no whole number of 1/255.

    Args:
      adversarial: float32 [N, H, W, 3] in [0, 1].
      pixels: uint8 [N, H, W, 3], the clean image.
      epsilon: float or [N], in [0, 1].

    Returns:
      uint8 [N, H, W, 3] with |result - pixels| <= floor(255 * epsilon).
    """
    count = tf.shape(pixels)[0]
    # 5/255 in float32 times 255 may fall just short of 5.
    reach = as_column(tf.floor(per_image(epsilon, count) * 255.0 + 1e-3))
    clean = tf.cast(pixels, tf.float32)
    rounded = tf.round(adversarial * 255.0)
    inside = tf.clip_by_value(rounded, clean - reach, clean + reach)
    return tf.cast(tf.clip_by_value(inside, 0.0, 255.0), tf.uint8)
