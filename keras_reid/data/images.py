"""From an encoded file to pixels of the input size: the one resize of loaders and exports alike."""

import tensorflow as tf

from keras_reid.data.readable import decode, naming_bad_images


def resize(pixels, size):
    """uint8 [..., h, w, 3] -> uint8 [..., *size, 3]: bilinear, antialiased, rounded."""
    resized = tf.image.resize(pixels, size, method="bilinear", antialias=True)
    return tf.saturate_cast(tf.round(resized), tf.uint8)


def decode_and_resize(encoded, size):
    """Scalar string of JPEG or PNG bytes -> uint8 [*size, 3].

    Plain TensorFlow operations on one image, so that it runs in tf.data, inside tf.map_fn and in
    the graph of an exported signature: what a client sends is what the model was trained on.

    Args:
      encoded: scalar string tensor.
      size: (height, width).
    """
    pixels = resize(decode(encoded), size)
    pixels.set_shape([*size, 3])
    return pixels


def read_pixels(path, size):
    """Scalar path -> uint8 [*size, 3]."""
    return decode_and_resize(tf.io.read_file(path), size)


def pixel_batches(records, input_size, batch_size):
    """Yields uint8 ndarrays [<= batch_size, *input_size, 3] in the records' order, none left out.

    An unreadable image is refused by name: a ranking without it would be another measurement.
    """
    paths = tf.data.Dataset.from_tensor_slices(
        tf.constant([record.path for record in records], tf.string, [len(records)])
    )
    pixels = paths.map(
        lambda path: read_pixels(path, input_size), tf.data.AUTOTUNE, deterministic=True
    )
    with naming_bad_images(records):
        yield from pixels.batch(batch_size).prefetch(tf.data.AUTOTUNE).as_numpy_iterator()


def to_images(pixels):
    """uint8 pixels -> float32 images in [0, 1]."""
    return tf.cast(pixels, tf.float32) / 255.0


def to_pixels(images):
    """float images in [0, 1] -> uint8 pixels, rounded; undoes `to_images` exactly."""
    return tf.cast(tf.round(tf.clip_by_value(images, 0.0, 1.0) * 255.0), tf.uint8)
