"""How much of a batch is attacked."""

import tensorflow as tf

# Far from the keys that images count up to, so that the choice does not repeat a random start.
_CHOICE = 0x51ED270B


def adversarial_count(ratio, count):
    """How many of `count` images a ratio in [0, 1] attacks: the nearest whole number."""
    return int(ratio * count + 0.5)


def adversarial_rows(keys, ratio):
    """Which rows of a batch are attacked.

    Args:
      keys: int64 [N] of the images, N static; the first decides.
      ratio: share of the rows in [0, 1].

    Returns:
      int32 [adversarial_count(ratio, N)], rising.
    """
    count = int(keys.shape[0])
    score = tf.random.stateless_uniform(
        [count], tf.stack([tf.constant(_CHOICE, tf.int64), keys[0]]), alg="philox"
    )
    return tf.sort(tf.argsort(score)[: adversarial_count(ratio, count)])


def mix(images, keys, ratio, attack):
    """The batch with some of its images attacked.

    Args:
      images: float32 [N, H, W, 3].
      keys: int64 [N].
      ratio: share of the images to attack; 1.0 attacks the batch as it stands.
      attack: rows (int32 [M], or None for all) -> adversarial images [M, H, W, 3].
    """
    if adversarial_count(ratio, int(keys.shape[0])) == int(keys.shape[0]):
        return attack(None)
    rows = adversarial_rows(keys, ratio)
    return tf.tensor_scatter_nd_update(images, rows[:, None], attack(rows))
