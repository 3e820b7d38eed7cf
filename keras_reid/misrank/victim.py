"""Whom the generator learns to fool: embeddings, a distance between them, and class scores."""

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from keras_reid.misrank.victim_distance import differentiable_distance


@dataclasses.dataclass(frozen=True, kw_only=True)
class Victim:
    """A model that is attacked and never changes.

    Its functions run in inference mode, and nobody takes a gradient in its weights.
    """

    outputs: Callable  # float32 [N, H, W, 3] in [0, 1] -> ([N, D], [N, K] or None)
    distance: Callable | None = None  # ([N, D], [M, D]) -> [N, M]; None: squared Euclidean
    num_classes: int | None = None  # K


def as_victim(loaded):
    """The Victim that a LoadedModel is.

    Args:
      loaded: of `keras_reid.models.load_model`, measured by the distance that it names; where that
        is the Euclidean one, squared.
    """
    network = getattr(loaded.model, "network", None)
    distance = differentiable_distance(loaded.distance)
    if loaded.logits is None:
        return Victim(outputs=lambda images: (_float(loaded.embed(images)), None),
                      distance=distance)  # fmt: skip
    if network is not None and {"embedding", "logits"} <= set(network.output):

        def both(images):
            found = network(images, training=False)  # one pass instead of two
            return _float(found["embedding"]), _float(found["logits"])
    else:

        def both(images):
            return _float(loaded.embed(images)), _float(loaded.logits(images))

    classes = loaded.logits(tf.fill((1, *loaded.input_size, 3), 0.5)).shape[1]
    return Victim(outputs=both, distance=distance, num_classes=int(classes))


def _float(tensor):
    return tf.cast(tensor, tf.float32)
