"""The triplet loss of AlignedReID's stripes, on the triplets that the whole bodies choose."""

import tensorflow as tf

from keras_reid.losses.triplet import hardest, violation


def aligned_triplet(embeddings, stripes, pids, *, margin=0.3):
    """Compares each image's stripes with those of its farthest match and its nearest stranger.

    Who they are is decided by the global features, as published.

    Args:
      embeddings: [N, D], the global features.
      stripes: [N, H, w], from head to feet.
      pids, margin: as `batch_hard_triplet`.

    Returns:
      float32 [N]; 0 in a batch of one person.

    Reference: Zhang et al. 2017, arXiv:1711.08184, section 3.2.
    """
    match, stranger, found = hardest(embeddings, pids, margin)
    stripes = tf.cast(stripes, tf.float32)
    near = aligned_distance(stripes, tf.gather(stripes, match))
    far = aligned_distance(stripes, tf.gather(stripes, stranger))
    return tf.where(found, violation(near - far, margin), 0.0)


def aligned_distance(one, other):
    """Length of the shortest path between the stripes of pairs of images.

    Args:
      one, other: [N, H, w]; one[i] is compared with other[i].

    Returns:
      float32 [N].

    Reference: Zhang et al. 2017, arXiv:1711.08184, equations 1 and 2.
    """
    squares = tf.reduce_sum((one[:, :, None] - other[:, None]) ** 2, axis=-1)
    apart = squares > 0
    # The root has no gradient at 0, where an image is compared with itself.
    distance = tf.where(apart, tf.sqrt(tf.where(apart, squares, 1.0)), 0.0)
    cost = tf.tanh(distance / 2)  # (e^x - 1) / (e^x + 1)
    count = one.shape[1]
    above = [None] * count
    for i in range(count):
        row = []
        for j in range(count):
            ways = [way for way in (above[j], row[j - 1] if j else None) if way is not None]
            shortest = ways[0] if len(ways) == 1 else tf.minimum(*ways) if ways else 0.0
            row.append(cost[:, i, j] + shortest)
        above = row
    return above[-1]
