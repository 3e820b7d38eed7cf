"""A generator and a victim small enough for every test."""

import json

import keras
import numpy as np
import tensorflow as tf

from keras_reid.misrank import MisrankModel, Victim

SIZE = (16, 12)
PIXELS = SIZE[0] * SIZE[1]


def make_model(seed=0, **settings):
    """A MisrankModel of a few thousand weights."""
    keras.utils.set_random_seed(seed)
    settings = {"filters": 4, "blocks": 1, "discriminator_filters": 4, **settings}
    return MisrankModel(SIZE, **settings)


def images(count=6, seed=0):
    return tf.constant(np.random.default_rng(seed).random((count, *SIZE, 3), np.float32))


class TinyVictim:
    """A convolution with batch normalisation, its mean and five classes; and the Victim of it."""

    def __init__(self, classes=5):
        keras.utils.set_random_seed(3)
        inputs = keras.Input((*SIZE, 3))
        x = keras.layers.Conv2D(8, 3, 2, activation="swish")(inputs)
        x = keras.layers.BatchNormalization()(x)
        embedding = keras.layers.GlobalAveragePooling2D()(x)
        self.network = keras.Model(inputs, [embedding, keras.layers.Dense(classes)(embedding)])
        self.network(images(8, seed=5), training=True)  # its averages are not the initial ones
        self.victim = Victim(outputs=self._outputs, num_classes=classes)

    def _outputs(self, batch):
        return tuple(self.network(batch, training=False))


def write_generator(folder, size, *, seed=0, victim=None, data=None, strength=500):
    """A workdir as trainers.train_misrank leaves it, of a generator nobody trained; its path."""
    keras.utils.set_random_seed(seed)
    model = MisrankModel(size, filters=4, blocks=1, discriminator_filters=4)
    # Weights as if trained: noise of all sizes.
    last = model.generator.get_layer("last")
    last.set_weights([strength * weight for weight in last.get_weights()])
    model.save(str(folder / "model.keras"))
    config = {"victim": "runs/victim", "victim_fingerprint": victim, "data_fingerprint": data}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def colours(images):
    """Mean colours of the upper and the lower half."""
    halves = tf.split(images, 2, axis=1)
    return tf.concat([tf.reduce_mean(half, axis=[1, 2]) for half in halves], axis=1)
