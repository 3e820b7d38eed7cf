"""Weights of a whole model from a file, and the fingerprint of weights."""

import hashlib
from pathlib import Path

import h5py
import keras
import numpy as np

from keras_reid import compat
from keras_reid.errors import ReIDError, first_line
from keras_reid.models.checkpoint_weights import is_checkpoint, load_checkpoint
from keras_reid.models.heads import is_classifier
from keras_reid.models.other_stack import foreign_version, from_other_stack, readable_weights
from keras_reid.models.torch_osnet import load_torch_osnet
from keras_reid.models.torch_weights import is_torch_file

# Settings in which a file may differ from the model: only the classifier feels them.
OF_THE_CLASSIFIER = ("num_ids", "name")


def is_whole_model(path):
    """Whether `path` holds a model with its head, and not a backbone as keras.applications does."""
    whole = str(path).endswith((".keras", ".weights.h5")) or Path(path).is_dir()
    return whole or is_checkpoint(path) or is_torch_file(path)


def load_weights(model, path):
    """Sets `model`'s weights from a file: of ours, or an OSNet's from PyTorch.

    Ours are a .weights.h5, a .keras, a workdir or its checkpoint; a PyTorch file ends in .pth.

    Either stack may have written them (Keras 2.15 or 3). A checkpoint is given by its prefix, such
    as run/checkpoints/step-1200. Unless it is a .weights.h5, the classifier is left as it is when
    the identities differ.

    Raises:
      ReIDError: the file is missing, damaged, or belongs to another architecture.
    """
    path = Path(path)
    if is_checkpoint(path):
        load_checkpoint(model, path)
        return
    if is_torch_file(path):
        load_torch_osnet(model, path)
        return
    if path.is_dir():
        path = path / "model.keras"
    if not path.exists():
        raise ReIDError(f"there is no weights file {path}")
    if path.suffix == ".keras":
        _copy(read_keras_file(path), model, path)
        return
    try:
        _check_shapes(path, model)
        with readable_weights(path) as readable:
            model.load_weights(str(readable))
    except Exception as error:  # h5py and keras raise half a dozen types when a file does not fit
        raise ReIDError(
            f"{path} does not hold the weights of this model ({model.backbone_name}, head "
            f"{model.head}, {model.num_ids} identities); it is damaged or of another architecture"
        ) from error


def read_keras_file(path):
    """The model in a .keras file, of ours from either stack, or a ReIDError when Keras cannot."""
    try:
        model = from_other_stack(path)
        return keras.models.load_model(str(path), compile=False) if model is None else model
    except Exception as error:  # zip, json, h5py and keras each raise their own
        raise ReIDError(
            f"{path} cannot be loaded as a Keras model ({first_line(error)}){_elsewhere(path)}"
        ) from error


def _elsewhere(path):
    version = foreign_version(path)
    if not version:
        return ""
    return (
        f": Keras {version} wrote it and this is {compat.STACK}; save it there as a SavedModel, "
        "which loads on both"
    )


def fingerprint(arrays):
    """Short hash of arrays: equal weights, equal fingerprint, on any stack."""
    digest = hashlib.sha256()
    for array in arrays:
        array = np.ascontiguousarray(array)
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def _check_shapes(path, model):
    """Keras 3 only warns about layers that a file does not have, and leaves them random."""
    shapes = []
    with h5py.File(path) as file:
        file.visititems(
            lambda _, item: shapes.append(item.shape) if isinstance(item, h5py.Dataset) else None
        )
    if sorted(shapes) != sorted(weight.shape for weight in model.get_weights()):
        raise ValueError("other layers, or other shapes")


def _copy(source, model, path):
    if type(source) is not type(model):
        raise ReIDError(f"{path} is not a model of ours; its weights cannot start this one")
    theirs, ours = source.get_config(), model.get_config()
    different = [
        f"{key} {theirs[key]} there and {ours[key]} here"
        for key in ours
        if key not in OF_THE_CLASSIFIER and theirs[key] != ours[key]
    ]
    if different:
        raise ReIDError(f"{path} holds another architecture: {'; '.join(different)}")
    for layer in model.network.layers:
        if is_classifier(layer.name) and theirs["num_ids"] != ours["num_ids"]:
            continue
        layer.set_weights(source.network.get_layer(layer.name).get_weights())
