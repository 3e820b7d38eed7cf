"""Tensors of a PyTorch checkpoint as NumPy arrays, without PyTorch and without running anything."""

import os
import struct
import zipfile
from pathlib import Path

import numpy as np

from keras_reid.errors import ReIDError, first_line
from keras_reid.models.torch_containers import open_row, open_zip
from keras_reid.models.torch_tensors import Tensor, dtype_of, view

LARGEST_FILE = 2**32


def is_torch_file(path):
    """Whether `path` is named like a PyTorch checkpoint: .pth, .pt or torchreid's .pth.tar-60."""
    name = Path(path).name
    return name.endswith((".pth", ".pt")) or ".pth.tar" in name


def read_torch_weights(path):
    """The state dict of a checkpoint that torch.save wrote.

    Args:
      path: a state dict, or a dictionary that has one under "state_dict"; what else such a training
        checkpoint holds (its optimizer, its epoch) is left alone.

    Returns:
      {name: array}: views of the file's bytes, not to be written to; "module." of DataParallel is
      taken off the names.

    Raises:
      ReIDError: the file is missing or damaged, mentions a name that no checkpoint needs, has
        anything but tensors in its state dict, or tensors that do not lie within the file.
    """
    try:
        if not 0 < os.path.getsize(path) <= LARGEST_FILE:
            raise ReIDError(f"{path} is empty or larger than 4 GiB and holds no model known here")
        contents = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise ReIDError(f"there is no weights file {path}") from error
    except OSError as error:
        raise ReIDError(f"{path} cannot be read ({first_line(error)})") from error
    try:
        value, storages = (open_zip if contents[:2] == b"PK" else open_row)(contents, path)
        return _arrays(value, storages, path)
    except ReIDError:
        raise
    # What zipfile and struct raise on damaged files.
    except (zipfile.BadZipFile, struct.error, OSError, EOFError, RuntimeError, ValueError,
            TypeError, LookupError, OverflowError) as error:  # fmt: skip
        raise ReIDError(f"{path} is damaged ({first_line(error)}); fetch the file again") from error


def _tensors(value, path):
    """{name: Tensor} of a state dict, or of the one inside."""
    if isinstance(value, dict) and isinstance(value.get("state_dict"), dict):
        value = value["state_dict"]
    if not isinstance(value, dict) or not value:
        raise ReIDError(f"{path} holds no state dict; save model.state_dict()")
    found = {}
    for name, tensor in value.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise ReIDError(f"{path} holds {str(name)[:80]!r}, which is no tensor of a state dict")
        found[name.removeprefix("module.")] = tensor
    if len(found) < len(value):
        raise ReIDError(f"{path} holds the same name with and without 'module.'")
    return found


def _arrays(value, read, path):
    arrays, storages = {}, {}
    for name, tensor in _tensors(value, path).items():
        storage = tensor.storage
        if storage.key not in storages:
            storages[storage.key] = storage, np.frombuffer(read(storage), dtype_of(storage, path))
        first, numbers = storages[storage.key]
        if first != storage or len(numbers) != storage.count:
            raise ReIDError(f"{path}: the storage of {name[:80]!r} is not of the size that it says")
        arrays[name] = view(tensor, numbers, name, path)
    return arrays
