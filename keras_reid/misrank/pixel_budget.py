"""How many pixels may change: a count, a share, or all; and how training comes down to it."""

import numbers

import numpy as np
import tensorflow as tf

from keras_reid.attacks.checks import is_concrete
from keras_reid.errors import ReIDError

ALL = ("none", "all")


def parse_num_pixels(text):
    """ "none" -> None (every pixel), "200" -> 200 (a count), "0.5" -> 0.5 (a share).

    Raises:
      ValueError: anything else, a share outside (0, 1], or a count below 1.
    """
    if text.strip().lower() in ALL:
        return None
    try:
        value = float(text) if any(sign in text for sign in ".e") else int(text)
    except ValueError:
        value = 0
    if isinstance(value, int) and value < 1:
        raise ValueError("write a count from 1, a share such as 0.5, or none")
    if isinstance(value, float) and not 0 < value <= 1:
        raise ValueError("a share of the pixels lies above 0 and up to 1, such as 0.5")
    return value


def count_pixels(num_pixels, pixels):
    """The count that `num_pixels` (int count, float share or None) means in an image of `pixels`.

    Raises:
      ReIDError: a count that is negative, zero or larger than the image, or a share outside (0, 1].
    """
    if num_pixels is None:
        return pixels
    if not isinstance(num_pixels, numbers.Integral):
        if not 0 < num_pixels <= 1:
            raise ReIDError(
                f"num_pixels is {num_pixels}; a share lies above 0 and up to 1, and a count is a "
                "whole number"
            )
        return max(1, round(num_pixels * pixels))
    if not 0 < num_pixels <= pixels:
        raise ReIDError(
            f"num_pixels is {num_pixels}; give 1 to the image's {pixels} pixels, a share, or none "
            "for all of them"
        )
    return int(num_pixels)


def check_pixels(num_pixels, pixels):
    """Refuses a count that an image of `pixels` does not have, where it is known; 0 is all."""
    if not is_concrete(num_pixels):
        return
    wrong = [int(value) for value in np.ravel(np.asarray(num_pixels)) if not 0 <= value <= pixels]
    if wrong:
        raise ReIDError(
            f"num_pixels is {wrong[0]}; it must lie between 0 (all) and the image's {pixels} pixels"
        )


def annealed(count, pixels, step, steps):
    """int32 scalar: from all `pixels` at step 0 down a line to `count` at step `steps`.

    Args:
      step: int or scalar tensor; steps: int, 0: `count` from the beginning.
    """
    if not steps:
        return tf.constant(count, tf.int32)
    left = tf.maximum(1.0 - tf.cast(step, tf.float32) / steps, 0.0)
    return count + tf.cast(tf.round((pixels - count) * left), tf.int32)
