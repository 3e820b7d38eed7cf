"""Models that are wrong in one way each, around one that is sound."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from tests.evaluation.people import SIZE, colour_model


def around(wrapper):
    """The sound model with its embedder wrapped."""
    model = colour_model()
    return dataclasses.replace(model, embed=wrapper(model.embed), fingerprint="d" * 16)


def other_colours():
    """A model of its own weights: a surrogate."""
    weights = np.random.default_rng(7).normal(size=(6, 12)).astype(np.float32)
    return dataclasses.replace(colour_model(), embed=lambda x: tf.math.tanh(halves(x) @ weights))


def halves(images):
    """Mean colours of the upper and lower half, [N, 6]."""
    pixels = tf.reshape(images, [-1, 2, SIZE[0] // 2 * SIZE[1], 3])
    return tf.reshape(tf.reduce_mean(pixels, axis=2), [-1, 6])


def quantised():
    """Its input is rounded to 32 levels, so no gradient passes."""
    return around(lambda embed: lambda images: embed(tf.round(images * 31.0) / 31.0))


def saturated():
    """Sigmoids far out on their flat ends: 0 and 1, and a gradient of exactly zero in float32."""
    weights = np.random.default_rng(3).normal(size=(6, 64)).astype(np.float32)
    return around(
        lambda _: lambda images: tf.math.sigmoid(1e6 * ((halves(images) - 0.5) @ weights))
    )


def batchnorm_in_training():
    """Its BatchNorm was left in training mode."""
    layer = keras.layers.BatchNormalization(momentum=0.99)
    layer(tf.zeros((2, 12)))
    return around(lambda embed: lambda images: layer(embed(images), training=True))


def dropout_in_training():
    """Its dropout was left on."""
    layer = keras.layers.Dropout(0.002, seed=1)
    layer(tf.zeros((2, *SIZE, 3)))
    return around(lambda embed: lambda images: embed(layer(images, training=True)))


def blind():
    """Sees how one pixel differs from the next: fabric, not people."""
    weights = np.random.default_rng(5).normal(size=(SIZE[0] * SIZE[1] * 3, 12)).astype(np.float32)

    def embed(images):
        detail = images - tf.nn.avg_pool2d(images, 3, 1, "SAME")
        return tf.math.tanh(tf.reshape(detail, [-1, len(weights)]) @ weights)

    return around(lambda _: embed)
