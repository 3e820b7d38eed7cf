"""Triplet losses over a batch: matches closer than strangers.

`distance[a, b]` compares anchor a with image b of the same batch.
"""

import tensorflow as tf

from keras_reid.errors import ReIDError

# Squared distances below this share of the squared norms are rounding, and taken for zero.
_ROUNDING = 1e-6
_INFINITY = float("inf")


def batch_hard_triplet(embeddings, pids, *, margin=0.3, squared=False):
    """Compares each image's farthest match with its nearest stranger.

    Args:
      embeddings: [N, D].
      pids: [N] person ids. The farthest match of an image alone of its kind is itself, at
        distance 0; in a batch of one person nobody is a stranger and the loss is 0.
      margin: distance to keep between the two, or None for the soft margin, log(1 + exp(.)).
      squared: compare squared Euclidean distances.

    Returns:
      float32 [N].

    Reference: Hermans et al., 2017, arXiv:1703.07737, eq. 5.
    """
    distance, same = _compared(embeddings, pids, margin, squared)
    # Self-distance is 0 and never the farthest, so the diagonal needs no mask.
    farthest_match = tf.reduce_max(tf.where(same, distance, 0.0), axis=1)
    nearest_stranger = tf.reduce_min(tf.where(same, _INFINITY, distance), axis=1)
    return violation(farthest_match - nearest_stranger, margin)


def hardest(embeddings, pids, margin):
    """Whom `batch_hard_triplet` compares each image with.

    Returns:
      (int [N], int [N], bool [N]): each image's farthest match and nearest stranger, and whether
      the batch has a stranger.
    """
    distance, same = _compared(embeddings, pids, margin, False)
    match = tf.argmax(tf.where(same, distance, -1.0), axis=1)
    stranger = tf.argmin(tf.where(same, _INFINITY, distance), axis=1)
    return match, stranger, tf.reduce_any(~same, axis=1)


def batch_semihard_triplet(embeddings, pids, *, margin=0.3, squared=False):
    """Compares each match with the nearest stranger beyond it, the mean over an image's matches.

    Where every stranger is nearer than the match, the farthest stranger stands in. Takes N^3 floats
    of memory.

    Args: as `batch_hard_triplet`; an image without a match has loss 0.

    Returns:
      float32 [N]; their mean is the loss of TensorFlow Addons if each person has equally many
      images.

    Reference: Schroff et al., 2015, arXiv:1503.03832, section 3.2.
    """
    distance, same = _compared(embeddings, pids, margin, squared)
    strangers = ~same[:, None, :]  # [anchor, match, stranger]
    beyond = strangers & (distance[:, None, :] > distance[:, :, None])
    nearest_beyond = tf.reduce_min(tf.where(beyond, distance[:, None, :], _INFINITY), axis=2)
    farthest = tf.reduce_max(tf.where(same, -_INFINITY, distance), axis=1, keepdims=True)
    stranger = tf.where(tf.reduce_any(beyond, axis=2), nearest_beyond, farthest)
    # Not the anchor itself, nor anything where there is no stranger.
    counted = tf.linalg.set_diag(same, tf.zeros_like(same[0])) & tf.math.is_finite(stranger)
    gap = distance - tf.where(counted, stranger, 0.0)
    loss = tf.where(counted, violation(gap, margin), 0.0)
    matches = tf.reduce_sum(tf.cast(counted, tf.float32), axis=1)
    return tf.math.divide_no_nan(tf.reduce_sum(loss, axis=1), matches)


def pairwise_euclidean(embeddings, squared=False, other=None):
    """[N, M] distances to the rows of `other`, or within the batch; 0 between equal rows.

    The gradient is finite everywhere, and 0 between equal rows.
    """
    # The origin does not matter; with it in the middle of the batch the least is lost to rounding.
    middle = tf.stop_gradient(tf.reduce_mean(embeddings, axis=0))
    embeddings = embeddings - middle
    other = embeddings if other is None else other - middle
    scale = tf.reduce_sum(embeddings**2, axis=1)[:, None] + tf.reduce_sum(other**2, axis=1)[None, :]
    distance = scale - 2 * tf.matmul(embeddings, other, transpose_b=True)
    apart = distance > _ROUNDING * tf.stop_gradient(scale)
    distance = tf.where(apart, distance, 1.0)  # the root has no gradient at 0
    return tf.where(apart, distance if squared else tf.sqrt(distance), 0.0)


def _compared(embeddings, pids, margin, squared):
    """([N, N] distances, [N, N] whether the same person), or a sentence on what does not fit."""
    if margin is not None and margin < 0:
        raise ReIDError(f"margin is {margin}; it must not be negative (None: the soft margin)")
    embeddings = tf.cast(embeddings, tf.float32)
    pids = tf.convert_to_tensor(pids)
    if embeddings.shape.rank != 2 or pids.shape.rank != 1:
        raise ReIDError(
            f"embeddings must be [N, D] and pids [N], not {embeddings.shape} and {pids.shape}"
        )
    if not embeddings.shape[:1].is_compatible_with(pids.shape):
        raise ReIDError(f"{embeddings.shape[0]} embeddings have {pids.shape[0]} pids")
    return pairwise_euclidean(embeddings, squared), pids[:, None] == pids[None, :]


def violation(gap, margin):
    """What a gap between match and stranger costs: beyond the margin, or softly (None)."""
    return tf.nn.softplus(gap) if margin is None else tf.nn.relu(gap + margin)
