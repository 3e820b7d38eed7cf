"""Which k pixels of an image are attacked: hard in the forward pass, soft in the backward pass."""

import numbers

import tensorflow as tf

from keras_reid.errors import ReIDError

# Where -log(-log(U)) of a uniform number stops: float32's own neighbours of 0 and 1.
_LOW, _HIGH = 1e-20, 1.0 - 6e-8


def sample_pixel_mask(logits, num_pixels, tau, uniform=None):
    """A mask of exactly `num_pixels` ones an image, by the Gumbel softmax.

    probabilities = softmax((log softmax(logits) + N) / tau) with N = -log(-log U); the largest of
    them are the ones of the mask, and on a tie the earlier pixels. (The paper prints the logarithm
    of the sum, which may be of a negative number.)

    Args:
      logits: [N, H*W].
      num_pixels: int, or int [N]: ones of each image, held between 0 and H*W.
      tau: temperature above 0, float or scalar tensor.
      uniform: [N, H*W] in [0, 1), the chance; None: no noise, as at test time.

    Returns:
      (float32 [N, H*W] of zeros and ones whose gradient is that of the probabilities,
      float32 [N, H*W] probabilities).

    Raises:
      ReIDError: logits of another rank, or num_pixels or tau out of range where they are numbers.

    Source: Wang et al. 2020, arXiv:2004.04199, section 3.3; straight-through: Jang et al. 2017.
    """
    logits = tf.cast(logits, tf.float32)
    if logits.shape.rank != 2:
        raise ReIDError(f"mask logits must be [N, H*W], not {logits.shape}")
    _check_range(num_pixels, tau, logits.shape[1])
    scores = tf.nn.log_softmax(logits)
    if uniform is not None:
        uniform = tf.clip_by_value(tf.cast(uniform, tf.float32), _LOW, _HIGH)
        scores -= tf.math.log(-tf.math.log(uniform))
    probabilities = tf.nn.softmax(scores / tau)
    hard = largest(tf.stop_gradient(scores), num_pixels)
    # The difference is exactly 0: the mask stays 0 or 1 and has the gradient of the probabilities.
    return hard + (probabilities - tf.stop_gradient(probabilities)), probabilities


def largest(scores, count):
    """float32 [N, M]: ones at the `count` (int or [N]) largest scores, on ties the first of them.

    Without gradient.
    """
    count = tf.broadcast_to(tf.cast(count, tf.int32), [tf.shape(scores)[0]])
    order = tf.argsort(scores, direction="DESCENDING", stable=True)
    places = tf.argsort(order)  # the permutation that undoes it
    return tf.cast(places < count[:, None], tf.float32)


def _check_range(num_pixels, tau, pixels):
    if isinstance(num_pixels, numbers.Integral) and not 0 <= num_pixels <= (pixels or num_pixels):
        raise ReIDError(
            f"num_pixels is {num_pixels}; it must lie between 0 and the image's {pixels} pixels"
        )
    if isinstance(tau, numbers.Real) and not tau > 0:
        raise ReIDError(f"tau is {tau}; it must be positive")
