"""Misclassification: an image is to be taken for the person it looked least like."""

import tensorflow as tf

from keras_reid.errors import ReIDError


def misclassification_loss(adversarial_logits, clean_logits, pids, *, smoothing=0.1):
    """Cross-entropy against the least likely person, a share of it spread over all but the true.

    The target is (1 - smoothing) on the argmin of the clean scores, plus smoothing / (K - 1) on
    each identity that is not the true one.

    Args:
      adversarial_logits: [N, K] scores of the K identities, which the gradient flows through.
      clean_logits: [N, K] of the clean images; a constant.
      pids: [N] true identities as classes in [0, K). One outside gives NaN, so that it can't go
        unnoticed.
      smoothing: share of the target spread over the strangers, in [0, 1).

    Returns:
      float32 [N].

    Source: Wang et al. 2020, arXiv:2004.04199, eq. 3.
    """
    if not 0 <= smoothing < 1:
        raise ReIDError(f"smoothing is {smoothing}; it is a share in [0, 1)")
    adversarial_logits = tf.cast(adversarial_logits, tf.float32)
    clean_logits = tf.stop_gradient(tf.cast(clean_logits, tf.float32))
    pids = tf.cast(pids, tf.int32)
    shapes = (adversarial_logits.shape, clean_logits.shape, pids.shape)
    if adversarial_logits.shape.rank != 2 or pids.shape.rank != 1:
        raise ReIDError(f"logits must be [N, K] and pids [N], not {shapes[0]} and {shapes[2]}")
    if not shapes[0].is_compatible_with(shapes[1]):
        raise ReIDError(f"adversarial logits are {shapes[0]} and clean ones {shapes[1]}")
    if adversarial_logits.shape[1] is not None and adversarial_logits.shape[1] < 2:
        raise ReIDError("misclassification needs scores of at least two identities")
    identities = tf.shape(adversarial_logits)[1]
    known = (pids >= 0) & (pids < identities)
    true = tf.one_hot(pids, identities)
    least = tf.one_hot(tf.argmin(clean_logits, axis=1), identities)
    spread = (1.0 - true) / tf.cast(identities - 1, tf.float32)
    target = (1 - smoothing) * least + smoothing * spread
    loss = -tf.reduce_sum(target * tf.nn.log_softmax(adversarial_logits), axis=1)
    return tf.where(known, loss, float("nan"))
