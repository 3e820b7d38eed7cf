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


def as_json(value):
    """The value as it comes back from JSON: tuples are lists."""
    return json.loads(json.dumps(value))


def digest(value):
    """32 hex digits of anything that JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def model_identity(model):
    """Digest of what a model computes: its fingerprint and two embeddings.

    The fingerprint alone does not know another output of the same weights, another pixel range, or
    a function that reads its weights from a file.
    """
    images = np.random.default_rng(0).random((2, *model.input_size, 3), np.float32)
    embeddings = np.asarray(model.embed(tf.constant(images)), np.float64)
    # To three digits, since kernels round differently from run to run; 0.0 has no sign.
    rounded = np.round(embeddings / max(np.abs(embeddings).max(), 1e-12), 3) + 0.0
    return digest([model.fingerprint, list(model.input_size), rounded.tolist()])


def data_identity(dataset):
    """Digest of a data set and of the order of its images, which per-query arrays follow."""
    order = [
        [Path(record.path).name, record.pid, record.camid]
        for record in (*dataset.query, *dataset.gallery)
    ]
    return digest([dataset.fingerprint(), order])
