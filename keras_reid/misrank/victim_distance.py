"""A victim's own distance as TensorFlow computes it, with a gradient."""

import tensorflow as tf

from keras_reid.losses.aligned import aligned_distance
from keras_reid.losses.triplet import pairwise_euclidean
from keras_reid.retrieval.aligned import stripes_of
from keras_reid.retrieval.distances import COSINE, EUCLIDEAN, check_metric


def differentiable_distance(metric):
    """([N, D], [M, D]) -> float32 [N, M], the same as `pairwise_distance` of that metric.

    Args:
      metric: a metric of retrieval.

    Returns:
      The function; None for "euclidean", whose square the mis-ranking loss takes by itself.
    """
    check_metric(metric)
    if metric == EUCLIDEAN:
        return None
    if metric == COSINE:
        return cosine
    stripes = stripes_of(metric)
    local = stripes.count * stripes.width

    def parts(embeddings):
        return tf.reshape(embeddings[:, -local:], [-1, *stripes])

    def aligned(a, b):
        a, b = (tf.cast(side, tf.float32) for side in (a, b))
        count, others = tf.shape(a)[0], tf.shape(b)[0]
        path = aligned_distance(
            tf.repeat(parts(a), others, axis=0), tf.tile(parts(b), [count, 1, 1])
        )
        bodies = pairwise_euclidean(a[:, :-local], other=b[:, :-local])
        return bodies + tf.reshape(path, [count, others])

    return aligned


def cosine(a, b):
    """1 - the cosine of the angle."""
    a, b = tf.math.l2_normalize(a, axis=1), tf.math.l2_normalize(b, axis=1)
    return 1.0 - tf.matmul(a, b, transpose_b=True)
