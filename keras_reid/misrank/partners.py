"""Who is compared with whom when the discriminator learns what real pairs are."""

import tensorflow as tf


def partners(pids):
    """For each image the next one of its person and the next of somebody else, around the batch.

    Args:
      pids: [N].

    Returns:
      (int32 [N], int32 [N]) places in the batch; an image alone of its kind is its own partner.
    """
    pids = tf.convert_to_tensor(pids)
    count = tf.shape(pids)[0]
    places = tf.range(count)
    # Column j is the image j + 1 places on; the last column is the image itself.
    ahead = (places[:, None] + places[None, :] + 1) % count
    same = tf.gather(pids, ahead) == pids[:, None]

    def first(found):
        column = tf.argmax(tf.cast(found, tf.int32), axis=1, output_type=tf.int32)
        return tf.gather(ahead, column, batch_dims=1)

    return first(same), first(~same)
