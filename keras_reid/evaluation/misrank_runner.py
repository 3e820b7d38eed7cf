"""The mis-ranking generator over many images: one compiled graph, uint8 in and uint8 out."""

import functools

import numpy as np
import tensorflow as tf

from keras_reid.attacks import round_inside
from keras_reid.data.images import to_images
from keras_reid.misrank.attack import usable_radius


class MisrankRunner:
    """Runs a generator batch by batch; radii and numbers of pixels are inputs of the graph.

    Args:
      attack: MisrankAttack.
      batch_size: images per step; a short last batch is filled up.
    """

    def __init__(self, attack, *, batch_size=32):
        self.batch_size = batch_size
        size = (batch_size, *attack.input_size, 3)

        def attacked(pixels, epsilon, num_pixels):
            radius = usable_radius(epsilon)
            found, mask = attack(to_images(pixels), radius, num_pixels)
            return round_inside(found, pixels, radius), tf.cast(mask, tf.uint8)

        # A partial, because TensorFlow counts all runners' graphs as one function's otherwise.
        self._graph = tf.function(functools.partial(attacked), autograph=False, input_signature=[
            tf.TensorSpec(size, tf.uint8), tf.TensorSpec([batch_size], tf.float32),
            tf.TensorSpec([batch_size], tf.int32),
        ])  # fmt: skip

    def run(self, pixels, *, epsilon, num_pixels=0):
        """Attacks uint8 pixels [n, H, W, 3].

        Args:
          epsilon: radius in [0, 1], float or [n].
          num_pixels: int or [n]; 0: all.

        Returns:
          (uint8 [n, H, W, 3] inside the ball, uint8 [n, H, W, 1] mask of 0 and 1).
        """
        count = len(pixels)
        epsilon = np.broadcast_to(np.asarray(epsilon, np.float32), [count])
        num_pixels = np.broadcast_to(np.asarray(num_pixels, np.int32), [count])
        found = np.empty_like(pixels)
        masks = np.empty((*pixels.shape[:3], 1), np.uint8)
        for start in range(0, count, self.batch_size):
            rows = np.arange(start, start + self.batch_size)
            kept = rows[rows < count]
            rows = np.where(rows < count, rows, start)
            answer, mask = self._graph(
                tf.constant(pixels[rows]), tf.constant(epsilon[rows]), tf.constant(num_pixels[rows])
            )
            found[kept], masks[kept] = answer[: len(kept)], mask[: len(kept)]
        return found, masks
