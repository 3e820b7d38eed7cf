"""What an attack maximises: one number per image, larger is worse for the model."""

from typing import NamedTuple

import tensorflow as tf

from keras_reid.errors import ReIDError


class MergedGuides(NamedTuple):
    """All pushes and all pulls of an image, merged without changing the objective.

    sum_i w_i ||f - g_i||^2 = W ||f - mean||^2 + const, with W = sum_i w_i and the weighted mean,
    so the cost of a step does not grow with the number of guides.
    """

    push: tf.Tensor  # [N, D] weighted mean
    push_weight: tf.Tensor  # [N] sum of weights
    pull: tf.Tensor
    pull_weight: tf.Tensor
    constant: tf.Tensor  # [N] what the merge left over


def unit(vectors):
    """Divides by the L2 norm over the last axis; a zero vector stays zero, its gradient finite."""
    return vectors * tf.math.rsqrt(
        tf.maximum(tf.reduce_sum(tf.square(vectors), axis=-1, keepdims=True), 1e-24)
    )


def merge(guides, metric):
    """Merges `Guides` ([N, P, D], [N, Q, D], weights) to `MergedGuides` for "l2" or "cosine"."""
    push, push_weight, push_rest = merge_side(guides.push, guides.push_weight, metric)
    pull, pull_weight, pull_rest = merge_side(guides.pull, guides.pull_weight, metric)
    if push is None and pull is None:
        raise ReIDError(
            "an attack with guides needs push or pull embeddings; give Guides(push=...)"
        )
    if push is None:
        push, push_weight = tf.zeros_like(pull), tf.zeros_like(pull_weight)
    if pull is None:
        pull, pull_weight = tf.zeros_like(push), tf.zeros_like(push_weight)
    return MergedGuides(push, push_weight, pull, pull_weight, push_rest - pull_rest)


def merge_side(vectors, weight, metric):
    """Weighted mean, total weight and leftover constant of one side; None for an absent side."""
    if vectors is None:
        return None, None, 0.0
    vectors = tf.cast(vectors, tf.float32)
    if metric == "cosine":
        # Each guide before averaging, never the mean after: the mean of unit vectors is shorter.
        vectors = unit(vectors)
    weight = tf.ones(tf.shape(vectors)[:2]) if weight is None else tf.cast(weight, tf.float32)
    total = tf.reduce_sum(weight, axis=1)
    mean = tf.math.divide_no_nan(
        tf.reduce_sum(weight[:, :, None] * vectors, axis=1), total[:, None]
    )
    spread = tf.reduce_sum(tf.square(vectors - mean[:, None, :]), axis=-1)
    return mean, total, tf.reduce_sum(weight * spread, axis=1)


def push_pull(embeddings, merged, metric):
    """sum_p w_p ||f - push_p||^2 - sum_q w_q ||f - pull_q||^2 (Bouniot et al. 2020, section 3).

    Args:
      embeddings: [N, D].
      merged: MergedGuides of the same metric.
      metric: "l2", or "cosine", which normalises the embedding first.

    Returns:
      float32 [N].
    """
    embeddings = tf.cast(embeddings, tf.float32)
    if metric == "cosine":
        embeddings = unit(embeddings)
    away = tf.reduce_sum(tf.square(embeddings - merged.push), axis=-1)
    towards = tf.reduce_sum(tf.square(embeddings - merged.pull), axis=-1)
    return merged.push_weight * away - merged.pull_weight * towards + merged.constant


def cross_entropy(logits, guides):
    """Cross-entropy away from the pushed classes and towards the pulled ones.

    Closed-set attack on logits [N, K]: guides are one-hot rows, `push` the true class (untargeted),
    `pull` the class to be taken for (targeted). Returns float32 [N].
    """
    log_probability = tf.nn.log_softmax(tf.cast(logits, tf.float32))
    return _class_cost(log_probability, guides.push, guides.push_weight) - _class_cost(
        log_probability, guides.pull, guides.pull_weight
    )


def _class_cost(log_probability, classes, weight):
    if classes is None:
        return 0.0
    cost = -tf.reduce_sum(log_probability[:, None, :] * tf.cast(classes, tf.float32), axis=-1)
    return tf.reduce_sum(cost if weight is None else cost * tf.cast(weight, tf.float32), axis=1)
