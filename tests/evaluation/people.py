"""Eight people of plain colours, and a model that reads colours: small enough for every test."""

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_reid.data import load_dataset
from keras_reid.models import LoadedModel

SIZE = (16, 8)
IDENTITIES, CAMERAS = 6, 3


def write_people(root):
    """Market-1501 layout: 6 test ids x 3 cameras x 2 images, a lone query, a distractor, junk."""
    rng = np.random.default_rng(0)
    colours = rng.integers(105, 150, (IDENTITIES + 2, 2, 3))

    def save(folder, pid, camera, index):
        top, bottom = colours[pid % len(colours)]
        pixels = np.concatenate([np.tile(top, (8, 8, 1)), np.tile(bottom, (8, 8, 1))])
        pixels = pixels + 3 * camera + rng.integers(-9, 10, pixels.shape)
        name = "-1" if pid < 0 else f"{pid:04d}"
        path = root / folder / f"{name}_c{camera + 1}s1_{index:06d}_00.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path.with_suffix(".jpg"))

    for pid in range(1, IDENTITIES + 1):
        for camera in range(CAMERAS):
            save("query", pid, camera, 0)
            save("bounding_box_test", pid, camera, 1)
            save("bounding_box_train", pid + 100, camera, 0)
    save("query", IDENTITIES + 1, 0, 0)
    save("bounding_box_test", IDENTITIES + 1, 1, 1)
    save("bounding_box_test", 0, 0, 5)
    save("bounding_box_test", -1, 0, 6)
    return load_dataset("market1501", str(root))


def colour_model():
    """Mean colours of the upper and lower half through a fixed smooth layer."""
    weights = np.random.default_rng(1).normal(size=(6, 12)).astype(np.float32)

    def embed(images):
        halves = tf.reduce_mean(tf.reshape(images, [-1, 2, SIZE[0] // 2 * SIZE[1], 3]), axis=2)
        return tf.math.tanh(tf.reshape(halves, [-1, 6]) @ weights)

    return LoadedModel(
        embed=embed,
        logits=embed,
        input_size=SIZE,
        embedding_size=12,
        source="tests:colours",
        kind="function",
        fingerprint="c" * 16,
        model=None,
    )
