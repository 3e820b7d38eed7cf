"""The same person before and after an attack should have the same embedding."""

import tensorflow as tf

from keras_reid.attacks.objectives import unit


def embedding_consistency(clean, adversarial):
    """|| clean / |clean| - adversarial / |adversarial| ||^2, with a gradient on both sides.

    What TRADES asks of class probabilities, asked of embeddings; of their direction, so that a
    model can't lower it by making all embeddings small.

    Args:
      clean, adversarial: float [N, D].

    Returns:
      float32 [N], in [0, 4].

    Source: after Zhang et al. 2019, arXiv:1901.08573, eq. 5.
    """
    clean, adversarial = (unit(tf.cast(each, tf.float32)) for each in (clean, adversarial))
    return tf.reduce_sum(tf.square(clean - adversarial), axis=-1)
