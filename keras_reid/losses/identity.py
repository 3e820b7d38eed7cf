"""Classification of the training identities."""

import tensorflow as tf

from keras_reid.errors import ReIDError


def label_smoothed_cross_entropy(logits, labels, *, smoothing=0.1):
    """Cross-entropy against (1 - smoothing) on the true identity plus smoothing / K on each.

    Args:
      logits: [N, K] scores of the K training identities.
      labels: [N] whole numbers in [0, K). A label outside gives NaN, so that it can't go unnoticed.
      smoothing: share of the target spread over all identities, in [0, 1).

    Returns:
      float32 [N].

    Reference: Szegedy et al., 2015, arXiv:1512.00567, section 7.
    """
    if not 0 <= smoothing < 1:
        raise ReIDError(f"smoothing is {smoothing}; it is a share in [0, 1)")
    logits = tf.cast(logits, tf.float32)
    labels = tf.convert_to_tensor(labels)
    if logits.shape.rank != 2 or labels.shape.rank != 1:
        raise ReIDError(
            f"logits must be [N, K] and labels [N], not {logits.shape} and {labels.shape}"
        )
    identities = tf.shape(logits)[1]
    labels = tf.cast(labels, tf.int32)
    known = (labels >= 0) & (labels < identities)
    log_probabilities = tf.nn.log_softmax(logits)
    true = tf.gather(log_probabilities, tf.where(known, labels, 0), batch_dims=1)
    loss = -(1 - smoothing) * true - smoothing * tf.reduce_mean(log_probabilities, axis=1)
    return tf.where(known, loss, float("nan"))
