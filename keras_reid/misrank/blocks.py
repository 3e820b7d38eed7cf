"""What generator and discriminator are made of."""

import contextlib

import keras
import tensorflow as tf

from keras_reid import compat
from keras_reid.errors import ReIDError

NORMS = ("batch", "instance")
PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")


class ReflectionPad(keras.layers.Layer):
    """Mirrors `pad` pixels over each border."""

    def __init__(self, pad, **options):
        super().__init__(**options)
        self.pad = pad

    def call(self, inputs):
        pads = [[0, 0], [self.pad] * 2, [self.pad] * 2, [0, 0]]
        return tf.pad(inputs, pads, "REFLECT")

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return (batch, height + 2 * self.pad, width + 2 * self.pad, channels)


class ResizeTo(keras.layers.Layer):
    """Nearest-neighbour resize to (height, width)."""

    def __init__(self, size, **options):
        super().__init__(**options)
        self.size = tuple(size)

    def call(self, inputs):
        return tf.image.resize(inputs, self.size, method="nearest")

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.size, input_shape[-1])


def normalise(kind, name):
    """The layer of a kind of `NORMS`: over the batch, or over each image's own pixels."""
    if kind == "batch":
        return keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-3, name=name)
    if kind == "instance":
        return keras.layers.GroupNormalization(groups=-1, epsilon=1e-3, name=name)
    raise ReIDError(f"normalisation {kind!r} is unknown; use one of {', '.join(NORMS)}")


def leaky(name):
    """LeakyReLU 0.2."""
    return keras.layers.Activation(_leaky_relu, name=name)


@contextlib.contextmanager
def computing_in(precision):
    """Layers made inside compute in a policy of `PRECISIONS`; their variables are float32."""
    if precision not in PRECISIONS:
        raise ReIDError(f"precision {precision!r} is unknown; use {', '.join(PRECISIONS)}")
    before = compat.global_policy()
    keras.mixed_precision.set_global_policy(precision)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)


def _leaky_relu(inputs):
    return tf.nn.leaky_relu(inputs, 0.2)
