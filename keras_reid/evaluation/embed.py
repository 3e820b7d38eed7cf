"""Embeddings of many images, a batch at a time."""

import numpy as np
import tensorflow as tf

from keras_reid.data.images import pixel_batches, to_images
from keras_reid.errors import ReIDError


def embed_records(embed, records, input_size, *, batch_size=64, progress=None):
    """Embeds the image of every record.

    Args:
      embed: float32 [N, H, W, 3] in [0, 1] -> [N, D].
      records: Records; an unreadable image is refused by name.
      input_size: (height, width).
      batch_size: images at a time.
      progress: called with (done, total) after each batch.

    Returns:
      float32 [len(records), D], in the records' order.
    """
    embedder = Embedder(embed, input_size, min(batch_size, len(records) or 1))
    return embed_with(embedder, records, input_size, progress=progress)


def embed_with(embedder, records, input_size, *, progress=None):
    """`embed_records` by an Embedder that is there already."""
    if not records:
        raise ReIDError("there is no image to embed; check the data folder and its splits")
    embeddings, done = None, 0
    for pixels in pixel_batches(records, input_size, embedder.batch_size):
        batch = embedder(pixels)
        if embeddings is None:
            embeddings = np.empty([len(records), batch.shape[1]], np.float32)
        broken = ~np.isfinite(batch).all(axis=1)
        if broken.any():
            raise ReIDError(
                f"the model's embedding of {records[done + broken.argmax()].path} is not finite; "
                "its weights are damaged or it expects pixels of another range"
            )
        embeddings[done : done + len(batch)] = batch
        done += len(batch)
        if progress:
            progress(done, len(records))
    return embeddings


class Embedder:
    """Any embedding callable on uint8 pixels: one graph, one batch size, checked output.

    A shorter batch is filled up with its first image and the surplus cut off, so that the graph is
    traced once and an image meets the same kernels wherever it stands.
    """

    def __init__(self, embed, input_size, batch_size=64):
        if batch_size < 1:
            raise ReIDError(f"a batch needs at least one image, not {batch_size}")
        self.batch_size = batch_size
        self._embed = as_graph(
            lambda pixels: embed(to_images(pixels)),
            tf.TensorSpec([batch_size, *input_size, 3], tf.uint8),
        )

    def __call__(self, pixels):
        """uint8 ndarray [n, H, W, 3], 1 <= n <= batch_size -> float32 ndarray [n, D]."""
        missing = self.batch_size - len(pixels)
        filled = np.concatenate([pixels, np.repeat(pixels[:1], missing, axis=0)])
        embeddings = np.asarray(self._embed(tf.constant(filled)))
        if embeddings.ndim != 2 or len(embeddings) != self.batch_size:
            raise ReIDError(
                f"the model returned shape {embeddings.shape} for {self.batch_size} images, "
                "not [images, embedding size]"
            )
        return embeddings[: len(pixels)].astype(np.float32)


def as_graph(function, spec):
    """`function` compiled for one tensor of `spec`, several times faster than step by step.

    What TensorFlow can't trace (NumPy inside, for instance) is returned as it came.
    """
    graph = tf.function(function, input_signature=[spec])
    try:
        graph.get_concrete_function()
    except Exception:  # whatever a foreign function does with a tensor that has no value yet
        return function
    return graph
