"""Model files that the other Keras wrote: the same arrays, under another name.

A .weights.h5 of ReIDModel, alone or inside a .keras, differs between Keras 2.15 and Keras 3 in one
thing: the group that holds its `network`.
"""

import contextlib
import json
import shutil
import tempfile
import zipfile
from pathlib import Path

import h5py
import keras

from keras_reid import compat

WEIGHTS, CONFIG, METADATA = "model.weights.h5", "config.json", "metadata.json"
OURS = "keras_reid>"


@contextlib.contextmanager
def readable_weights(path):
    """Yields a .weights.h5 that this Keras reads: `path`, or a renamed copy if the other wrote it.

    Raises:
      OSError: no HDF5 file.
    """
    here = compat.NETWORK_GROUP
    with h5py.File(path) as file:
        there = [group for group in compat.NETWORK_GROUPS if group in file and group != here]
        renamed = there[0] if there and here not in file else None
    if renamed is None:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / WEIGHTS
        shutil.copyfile(path, copy)
        with h5py.File(copy, "r+") as file:
            file.move(renamed, here)
        yield copy


def keras_version(path):
    """The version of Keras that wrote a .keras file, such as "2.15.0"; "" where it does not say."""
    version = _json(path, METADATA).get("keras_version")
    return version if isinstance(version, str) else ""


def foreign_version(path):
    """The other Keras' version if it wrote this .keras file of somebody else's model, else ""."""
    try:
        version = keras_version(path)
        ours = str(_json(path, CONFIG).get("registered_name")).startswith(OURS)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return ""
    return "" if ours or not version or compat.same_major(version) else version


def from_other_stack(path):
    """The model in a .keras file if it is one of ours and from the other stack, else None.

    Raises:
      OSError, ValueError, KeyError: not a whole .keras file.
    """
    name = _json(path, CONFIG).get("registered_name") or ""
    if not str(name).startswith(OURS) or compat.same_major(keras_version(path)):
        return None
    kind = keras.saving.get_registered_object(name)
    if kind is None:
        raise ValueError(f"{name} is no model of this version of keras_reid")
    model = kind.from_config(_json(path, CONFIG)["config"])
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(path) as archive:
            weights = archive.extract(WEIGHTS, folder)
        with readable_weights(weights) as readable:
            model.load_weights(str(readable))
    return model


def _json(path, member):
    with zipfile.ZipFile(path) as archive:
        found = json.loads(archive.read(member))
    if not isinstance(found, dict):
        raise ValueError(f"{member} is damaged")
    return found
