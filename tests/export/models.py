"""A small model with batch normalisation and logits, as the exporter gets it."""

import keras
import numpy as np
import tensorflow as tf

from keras_reid.models import LoadedModel, build_reid_model, load_model

SIZE = (32, 16)


def make_model(folder, num_ids=5):
    """A LoadedModel from a .keras file whose statistics and weights are not the initial ones."""
    keras.utils.set_random_seed(1)
    model = build_reid_model("small", SIZE, num_ids, embedding_size=16)
    images = np.random.default_rng(0).random((16, *SIZE, 3), np.float32)
    for _ in range(3):
        model.network(images, training=True)  # moves the moving averages
    path = folder / "model.keras"
    model.save(path)
    return load_model(path)


def make_linear():
    """A LoadedModel that costs nothing to trace: one matrix."""
    weights = tf.Variable(
        np.random.default_rng(0).normal(size=(SIZE[0] * SIZE[1] * 3, 4)), dtype=tf.float32
    )
    return LoadedModel(
        embed=lambda images: tf.reshape(images, [-1, weights.shape[0]]) @ weights,
        logits=None,
        input_size=SIZE,
        embedding_size=4,
        source="linear",
        kind="function",
        fingerprint="0" * 16,
        model=weights,
    )


def pixels(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, *SIZE, 3), dtype=np.uint8)
