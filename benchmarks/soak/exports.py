"""Two models with different weights, exported with attacks, and the answers of each.

Imports TensorFlow: the processes that send requests read what is written here.
"""

import io
import os
import shutil
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from benchmarks.soak.answers import ATTACKS, IMAGES, MAX_STEPS, SIZE, inputs_of
from export.limits import Limits
from export.savedmodel import export_model
from export.session import ServedModel
from keras_reid.models import LoadedModel
from serving import contract

LIMITS = Limits(steps=MAX_STEPS, batch=64, encoded_bytes=100_000, push=2, pull=1)
WEIGHTS = ("a", "b")  # each of its own seed
EMBEDDING_SIZE = 32
HIDDEN = 2048


def make_exports(folder):
    """Writes <folder>/<weights>/reid/1, .../reid_encoded/1 and <folder>/answers.npz."""
    folder = Path(folder)
    rng = np.random.default_rng(0)
    given = {
        "images": rng.integers(0, 256, (IMAGES, *SIZE, 3), dtype=np.uint8),
        "encoded": np.array([png(rng) for _ in range(IMAGES)], object),
        # Every row its own: a server that merges requests must not mix them.
        "epsilon": rng.choice(np.arange(2, 9, dtype=np.float32) / 255, IMAGES),
        "steps": rng.integers(1, MAX_STEPS + 1, IMAGES).astype(np.int32),
        "seed": rng.integers(0, 1000, IMAGES),
        "push": rng.normal(size=(IMAGES, LIMITS.push, EMBEDDING_SIZE)).astype(np.float32),
        "push_weight": np.ones((IMAGES, LIMITS.push), np.float32),
        "pull": rng.normal(size=(IMAGES, LIMITS.pull, EMBEDDING_SIZE)).astype(np.float32),
        "pull_weight": np.ones((IMAGES, LIMITS.pull), np.float32),
    }
    found = {}
    for seed, weights in enumerate(WEIGHTS):
        main, encoded = export_model(
            make_model(seed), folder / weights, "reid", list(ATTACKS), LIMITS, version=1
        )
        with ServedModel(main) as served:
            found[weights, "embed"] = served.run(contract.EMBED, {"images": given["images"]})[
                "embeddings"
            ]
            for attack in ATTACKS:
                signature = contract.attack_signature_name(attack)
                values = inputs_of(attack, given, slice(None))
                found[weights, attack] = served.run(signature, values)["adversarial"]
        with ServedModel(encoded) as served:
            found[weights, "files"] = served.run(
                contract.EMBED_ENCODED, {"encoded": given["encoded"]}
            )["embeddings"]
    np.savez(
        folder / "answers.npz",
        **{f"given/{name}": array for name, array in given.items()},
        **{f"{weights}/{name}": array for (weights, name), array in found.items()},
    )


def make_model(seed):
    """Two layers of 13 MB: quickly exported, and seen in a server's memory if they stay there."""
    rng = np.random.default_rng(seed)
    pixels = SIZE[0] * SIZE[1] * 3
    first = tf.Variable(rng.normal(0, pixels**-0.5, (pixels, HIDDEN)).astype(np.float32))
    second = tf.Variable(rng.normal(0, 0.1, (HIDDEN, EMBEDDING_SIZE)).astype(np.float32))

    def embed(images):
        return tf.tanh((tf.reshape(images, [-1, pixels]) - 0.5) @ first) @ second

    return LoadedModel(
        embed=embed,
        logits=None,
        input_size=SIZE,
        embedding_size=EMBEDDING_SIZE,
        source=f"two layers of seed {seed}",
        kind="function",
        fingerprint=f"{seed:016}",
        model=(first, second),
    )


def png(rng):
    """The bytes of a picture that is not of the input size."""
    pixels = rng.integers(0, 256, (40, 20, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def publish(folder, weights, base, version):
    """Makes both servables of `weights` visible below `base`, the encoded one first."""
    for name in ("reid_encoded", "reid"):
        home = Path(base) / name
        draft = home / f"new-{version}"
        shutil.copytree(Path(folder) / weights / name / "1", draft)
        os.rename(draft, home / str(version))


def withdraw(base, version):
    """Takes a version back; no server has it open by name."""
    for name in ("reid", "reid_encoded"):
        home = Path(base) / name
        os.rename(home / str(version), home / f"withdrawn-{version}")
