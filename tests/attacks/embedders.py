"""The golden values' embedder, and what the attack tests share."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_reid.attacks import ATTACKS, Guides

GOLDEN = dict(np.load(Path(__file__).parents[1] / "golden" / "metric_attacks.npz"))
IMAGES = GOLDEN["images"]
# The file counts identities from 0, which is the distractors' pid in Market-1501.
PIDS = GOLDEN["pids"] + 1
EPSILON = float(GOLDEN["epsilon"])


def embed(images):
    """Two strided convolutions with softplus, means over upper and lower half, a dense layer."""
    for layer in ("conv1", "conv2"):
        images = tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]])
        images = tf.nn.conv2d(images, GOLDEN[f"{layer}_kernel"], 2, "VALID")
        images = tf.nn.softplus(images + GOLDEN[f"{layer}_bias"])
    half = images.shape[1] // 2
    parts = [tf.reduce_mean(part, [1, 2]) for part in (images[:, :half], images[:, half:])]
    return tf.concat(parts, axis=1) @ GOLDEN["dense_kernel"] + GOLDEN["dense_bias"]


def guides_for(name, images=IMAGES, pids=PIDS):
    """The guides that the table's attack `name` needs on the golden images."""
    source = ATTACKS[name].get("guides", "given")
    if source in ("own", "opposite"):
        return None
    if source == "classes":
        # The embedding's 32 numbers serve as logits of 32 classes.
        return Guides(push=np.eye(32, dtype=np.float32)[pids][:, None])
    embeddings = embed(IMAGES).numpy()
    rows = [np.flatnonzero(PIDS == pid)[:2] for pid in pids]
    others = [np.flatnonzero(PIDS != pid)[:3] for pid in pids]
    return Guides(push=embeddings[np.array(rows)], pull=embeddings[np.array(others)])
