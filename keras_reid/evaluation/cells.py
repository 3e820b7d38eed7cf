"""What was measured once, in files: an interrupted evaluation goes on, a finished one is read.

A cell is one `.npz` named after the digest of everything that decides its figures. Another model,
other data or another setting has another name, so nothing is ever shared wrongly.
"""

import hashlib
import json
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_reid.files import aside

SAME_ANSWER = 1e-3  # as far as the kernels of one model may differ, of the largest number
SCHEMA = 1  # raise it when the same facts come to mean other figures
DAMAGE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


class Content(NamedTuple):
    """words: ready for JSON. arrays: {name: ndarray}."""

    words: dict
    arrays: dict


class CellStore:
    """Cells below a folder.

    Args:
      folder: made when the first cell is written.
      tell: called with a sentence about a cell that cannot be read.
    """

    def __init__(self, folder, tell=lambda sentence: None):
        self.folder = Path(folder)
        self._tell = tell

    def path(self, facts):
        """Where the cell of these facts lies."""
        return self.folder / f"{digest({'schema': SCHEMA, **facts})}.npz"

    def get(self, facts):
        """Content, or None where there is none that can be read."""
        path = self.path(facts)
        if not path.exists():
            return None
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            words = json.loads(str(arrays.pop("words")))
            if words.pop("facts") != as_json(facts):
                raise ValueError("it belongs to another cell")
        except DAMAGE as error:
            self._tell(f"{path} is damaged ({type(error).__name__}) and is computed again")
            return None
        return Content(words, arrays)

    def put(self, facts, content):
        """Writes a cell, aside and then renamed."""
        words = json.dumps({**content.words, "facts": facts}, sort_keys=True)
        with aside(self.path(facts)) as draft:
            np.savez_compressed(draft, words=np.array(words), **content.arrays)

    def name_of(self, model):
        """What a model is called in the facts: by its fingerprint and by what it answers.

        The fingerprint alone does not know another output of the same weights, another pixel range,
        or a function that reads its weights from a file; and the embeddings alone do not know a
        gradient that was masked, or no longer is. The answers are compared and not digested,
        because kernels round differently from run to run.
        """
        start = digest([model.fingerprint, list(model.input_size)])[:16]
        answers = probe(model)
        known = self.folder / "models"
        for path in sorted(known.glob(f"{start}-*.npz")):
            try:
                with np.load(path, allow_pickle=False) as file:
                    before = file["answers"]
            except DAMAGE as error:
                self._tell(f"{path} is damaged ({type(error).__name__}) and is left aside")
                continue
            if before.shape == answers.shape and np.abs(before - answers).max() <= SAME_ANSWER:
                return path.stem
        name = f"{start}-{hashlib.sha256(answers.tobytes()).hexdigest()[:8]}"
        with aside(known / f"{name}.npz") as draft:
            np.savez_compressed(draft, answers=answers)
        return name


def probe(model):
    """float64 [2, D + H*W*3]: embeddings of two fixed images, and their gradient in the pixels.

    The largest number of either is 1; a gradient that is missing or not finite is 0.
    """
    random = np.random.default_rng(0)
    images = tf.constant(random.random((2, *model.input_size, 3), np.float32))
    direction = tf.constant(random.standard_normal((2, model.embedding_size)).astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(images)
        embeddings = tf.cast(model.embed(images), tf.float32)
        along = tf.reduce_sum(embeddings * direction)
    slope = tape.gradient(along, images, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    slope = np.nan_to_num(np.asarray(slope, np.float64), posinf=0.0, neginf=0.0)
    return np.concatenate([_largest_one(embeddings), _largest_one(slope)], axis=1)


def _largest_one(values):
    """[2, ...] as float64 [2, n], its largest number as 1."""
    values = np.asarray(values, np.float64).reshape(2, -1)
    return values / max(np.abs(values).max(), 1e-12)


def as_json(value):
    """The value as it comes back from JSON: tuples are lists."""
    return json.loads(json.dumps(value))


def digest(value):
    """32 hex digits of anything that JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def data_identity(dataset):
    """Digest of a data set and of the order of its images, which per-query arrays follow."""
    order = [
        [Path(record.path).name, record.pid, record.camid]
        for record in (*dataset.query, *dataset.gallery)
    ]
    return digest([dataset.fingerprint(), order])
