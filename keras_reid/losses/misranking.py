"""Mis-ranking: strangers are to come nearer than an image's own person."""

import numpy as np
import tensorflow as tf

from keras_reid.errors import ReIDError
from keras_reid.losses.triplet import pairwise_euclidean

_INFINITY = float("inf")


def misranking_loss(
    embeddings, pids, *, margin=0.3, squared=True, include_self=False, other=None
):  # fmt: skip
    """Compares each image's farthest stranger with its nearest match: [stranger - match + margin]+.

    Args:
      embeddings: [N, D] of the adversarial images.
      pids: [N] person ids, two persons at least. For an image alone of its kind the match counts
        as distance 0.
      margin: by how much the farthest stranger is to be nearer than the nearest match.
      squared: compare squared Euclidean distances, as published; False: Euclidean, as released.
      include_self: the anchor is a match of itself, as released: at distance 0, so that nothing
        pushes an image away from its person; with `other`, at the distance of its other self.
      other: [N, D] of the same images to compare with, for instance clean; None: `embeddings`.

    Returns:
      float32 [N].

    Raises:
      ReIDError: shapes that do not fit, a negative margin, or a batch of one person.

    Source: Wang et al. 2020, arXiv:2004.04199, eq. 2.
    """
    embeddings = tf.cast(embeddings, tf.float32)
    if embeddings.shape.rank != 2:
        raise ReIDError(f"embeddings must be [N, D], not {embeddings.shape}")
    if other is not None:
        other = tf.cast(other, tf.float32)
        if not embeddings.shape.is_compatible_with(other.shape):
            raise ReIDError(
                f"embeddings are {embeddings.shape} and other is {other.shape}; give the same "
                "images' embeddings in the same order"
            )
    distance = pairwise_euclidean(embeddings, squared, other)
    return misranking_of_distances(distance, pids, margin=margin, include_self=include_self)


def misranking_of_distances(distance, pids, *, margin=0.3, include_self=False):
    """`misranking_loss` of distances that somebody else measured.

    Args:
      distance: [N, N] from each anchor to each image of the batch.
      pids, margin, include_self: as of `misranking_loss`.

    Returns:
      float32 [N].
    """
    if not margin >= 0:
        raise ReIDError(f"margin is {margin}; it must not be negative")
    distance, pids = tf.cast(distance, tf.float32), tf.convert_to_tensor(pids)
    if pids.shape.rank != 1 or not distance.shape.is_compatible_with([*pids.shape] * 2):
        raise ReIDError(
            f"distance must be [N, N] and pids [N], not {distance.shape} and {pids.shape}"
        )
    check_two_persons(pids)
    same = pids[:, None] == pids[None, :]
    matches = same if include_self else tf.linalg.set_diag(same, tf.zeros_like(same[0]))
    # The other sign's infinity would leave a gradient of NaN in the rows without a match.
    push = tf.reduce_min(tf.where(matches, distance, _INFINITY), axis=1)
    push = tf.where(tf.reduce_any(matches, axis=1), push, 0.0)
    pull = tf.reduce_max(tf.where(same, -_INFINITY, distance), axis=1)
    # Nobody to rank before the own person, where a graph meets one person only: no loss.
    return tf.nn.relu(pull - push + margin)


def check_two_persons(pids):
    """Refuses a batch of fewer than two persons, where its ids are known (in an eager call)."""
    known = tf.get_static_value(pids)
    if known is not None and len(np.unique(known)) < 2:
        raise ReIDError(
            f"the batch shows {len(np.unique(known))} person(s), and mis-ranking needs strangers; "
            "put at least two persons into a batch"
        )


def guarded_log(loss, floor=1e-6):
    """log of a loss that may reach 0: below `floor` it stays at log(floor), without gradient.

    The released code takes the logarithm of the batch's mean.
    """
    return tf.math.log(tf.maximum(tf.cast(loss, tf.float32), floor))
