"""Records in, batches of images out, as tf.data: by step for training, in order for evaluation."""

import numpy as np
import tensorflow as tf

from keras_reid.data.augment import Augmentation, augment
from keras_reid.data.images import pixel_batches, read_pixels, to_images
from keras_reid.data.readable import naming_bad_images
from keras_reid.data.records import class_labels

__all__ = ["evaluation_batches", "load_pixels", "naming_bad_images", "training_batches"]

AUTOTUNE = tf.data.AUTOTUNE


def training_batches(
    records, sampler, input_size, *, augmentation=None, start_step=0, cache=False, memory=None
):  # fmt: skip
    """An endless data set whose element k belongs to step `start_step + k` and to no other.

    The element is a pure function of the sampler's seed and that step, so a run that resumes sees
    what the straight run would have seen.

    Args:
      records: the training records, as the sampler counts them.
      sampler: IdentityBatches or ShuffledBatches.
      input_size: (height, width).
      augmentation: Augmentation; None takes its defaults.
      start_step: the step of the first element.
      cache: decode every image once into memory as uint8 (`len(records) * height * width * 3`
        bytes) and take batches from there, instead of reading files for every batch.
      memory: what `load_pixels` made of the records before; stands for `cache`.

    Returns:
      tf.data.Dataset of (images float32 [batch, height, width, 3] in [0, 1], labels int32 [batch]),
      labels as `class_labels(records)` numbers them. An unreadable file ends it with TensorFlow's
      error; `naming_bad_images` turns that into a sentence.
    """
    augmentation = augmentation or Augmentation()
    labels = tf.constant(class_labels(records))
    if cache and memory is None:
        memory = load_pixels(records, input_size)
    steps = tf.data.Dataset.range(start_step, np.iinfo(np.int64).max)
    chosen = steps.map(lambda step: (step, _indices(sampler, step)), AUTOTUNE, deterministic=True)
    if memory is None:
        batches = _from_files(records, chosen, sampler.batch_size, input_size)
    else:
        batches = _from_memory(memory, chosen, sampler.batch_size)

    def finish(step, indices, pixels):
        images = augment(to_images(pixels), _seeds(sampler, step), augmentation)
        return images, tf.gather(labels, indices)

    return batches.map(finish, AUTOTUNE, deterministic=True).prefetch(AUTOTUNE)


def _indices(sampler, step):
    indices = tf.numpy_function(sampler.indices, [step], tf.int64)
    indices.set_shape([sampler.batch_size])
    return indices


def _seeds(sampler, step):
    """[batch, 2]: no two images of a run share a pair."""
    place = step * sampler.batch_size + tf.range(sampler.batch_size, dtype=tf.int64)
    return tf.stack([tf.fill([sampler.batch_size], tf.constant(sampler.seed, tf.int64)), place], 1)


def _from_memory(memory, chosen, batch_size):
    def gather(step, indices):
        pixels = tf.numpy_function(memory.__getitem__, [indices], tf.uint8)
        pixels.set_shape([batch_size, *memory.shape[1:]])
        return step, indices, pixels

    return chosen.map(gather, AUTOTUNE, deterministic=True)


def _from_files(records, chosen, batch_size, input_size):
    paths = tf.constant([record.path for record in records])

    def spread(step, indices):
        return tf.fill([batch_size], step), indices

    def read(step, index):
        return step, index, read_pixels(paths[index], input_size)

    def gathered(steps, indices, pixels):
        return steps[0], indices, pixels

    images = chosen.map(spread).unbatch().map(read, AUTOTUNE, deterministic=True)
    return images.batch(batch_size, drop_remainder=True).map(gathered)


def evaluation_batches(records, input_size, batch_size):
    """Yields float32 images [<= batch_size, height, width, 3]; `pixel_batches` in [0, 1]."""
    for pixels in pixel_batches(records, input_size, batch_size):
        yield to_images(pixels)


def load_pixels(records, input_size):
    """uint8 [n, height, width, 3] ndarray of every record's image, in order."""
    memory = np.empty([len(records), *input_size, 3], np.uint8)
    start = 0
    for pixels in pixel_batches(records, input_size, 64):
        memory[start : start + len(pixels)] = pixels
        start += len(pixels)
    return memory
