"""A convolution whose kernel has spectral norm 1, for both versions of Keras."""

import keras
import tensorflow as tf

from keras_reid import compat


class SpectralConv2D(keras.layers.Layer):
    """Conv2D with its kernel divided by an estimate of its largest singular value.

    The estimate takes one step of power iteration in training and none in inference, where nothing
    changes. It is computed in float32; the convolution in the dtype of its input.

    Args:
      filters, size, strides: of the convolution.
      padding: "same" or "valid".

    Source: Miyato et al. 2018, arXiv:1802.05957, algorithm 1.
    """

    def __init__(self, filters, size, strides=1, padding="same", **options):
        # Own casts: the kernel must not be rounded to half precision before it is measured.
        super().__init__(dtype="float32", autocast=False, **options)
        self.filters, self.size, self.strides = filters, size, strides
        self.padding = padding

    def build(self, input_shape):
        normal = keras.initializers.RandomNormal
        shape = (self.size, self.size, input_shape[-1], self.filters)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=normal(stddev=0.02))
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")
        self.u = self.add_weight(
            name="u", shape=(1, self.filters), initializer=normal(), trainable=False,
            aggregation=compat.first_replicas(),
        )  # fmt: skip
        self.built = True

    def call(self, inputs, training=False):
        kernel = tf.cast(self.normalised(training), inputs.dtype)
        outputs = tf.nn.conv2d(inputs, kernel, self.strides, self.padding.upper())
        return outputs + tf.cast(self.bias, inputs.dtype)

    def normalised(self, training=False):
        """The kernel [size, size, in, filters] that the convolution uses."""
        kernel = tf.convert_to_tensor(self.kernel)
        matrix = tf.reshape(kernel, [-1, self.filters])
        fixed = tf.stop_gradient(matrix)
        u = tf.convert_to_tensor(self.u)
        v = _unit(tf.matmul(u, fixed, transpose_b=True))
        if training:
            u = _unit(tf.matmul(v, fixed))
            self.u.assign(u)
        norm = tf.matmul(tf.matmul(v, matrix), u / tf.norm(u), transpose_b=True)
        return kernel / tf.maximum(tf.reshape(norm, []), 1e-12)

    def compute_output_shape(self, input_shape):
        def side(length):
            if self.padding == "valid":
                length -= self.size - 1
            return -(-length // self.strides)

        return (input_shape[0], *map(side, input_shape[1:3]), self.filters)


def _unit(vector):
    return vector * tf.math.rsqrt(tf.maximum(tf.reduce_sum(vector**2), 1e-12))
