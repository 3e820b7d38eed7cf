"""Tensors of a PyTorch checkpoint as NumPy arrays, without PyTorch and without running anything.

Both containers that torch.save writes: the zip archive (since PyTorch 1.6) and the row of pickles
before it, in which torchreid's model zoo is published.
"""

import io
import math
import os
import struct
import zipfile
from pathlib import Path

import numpy as np

from keras_reid.errors import ReIDError, first_line
from keras_reid.models.torch_pickle import LARGEST_PICKLE, Tensor, is_count, read_pickle

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
DTYPES = {
    "torch.DoubleStorage": "<f8", "torch.FloatStorage": "<f4", "torch.HalfStorage": "<f2",
    "torch.LongStorage": "<i8", "torch.IntStorage": "<i4", "torch.ShortStorage": "<i2",
    "torch.CharStorage": "<i1", "torch.ByteStorage": "<u1", "torch.BoolStorage": "|b1",
}  # fmt: skip
MOST_AXES = 8
LARGEST_FILE = 2**32


def is_torch_file(path):
    """Whether `path` is named like a PyTorch checkpoint: .pth, .pt or torchreid's .pth.tar-60."""
    name = Path(path).name
    return name.endswith((".pth", ".pt")) or ".pth.tar" in name


def read_torch_weights(path):
    """The state dict of a checkpoint that torch.save wrote.

    Args:
      path: a state dict, or a dictionary that has one under "state_dict".

    Returns:
      {name: array}: views of the file's bytes, not to be written to; "module." of DataParallel is
      taken off the names.

    Raises:
      ReIDError: the file is missing or damaged, holds anything but tensors and plain values, or
        describes tensors that do not lie within it.
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
        value, storages = (_zip if contents[:2] == b"PK" else _row)(contents, path)
        return _arrays(value, storages, path)
    except ReIDError:
        raise
    # What zipfile and struct raise on damaged files.
    except (zipfile.BadZipFile, struct.error, OSError, EOFError, RuntimeError, ValueError,
            TypeError, LookupError, OverflowError) as error:  # fmt: skip
        raise ReIDError(f"{path} is damaged ({first_line(error)}); fetch the file again") from error


def _zip(contents, path):
    """(value, key -> bytes) of a zip archive."""
    archive = zipfile.ZipFile(io.BytesIO(contents))
    members = {member.filename: member for member in archive.infolist()}
    tops = [name for name in members if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(tops) != 1:
        raise ReIDError(f"{path} is a zip archive, but not one that torch.save wrote")
    folder = tops[0].removesuffix("data.pkl")
    left = len(contents)

    def read(name, most):
        nonlocal left
        member = members[folder + name]
        # torch.save never compresses: whoever did may hide a terabyte in a kilobyte. Members that
        # lie over each other do the same, so all together they cannot exceed the file.
        left -= member.file_size
        if member.compress_type != zipfile.ZIP_STORED or member.file_size > most or left < 0:
            raise ReIDError(f"{path} holds a member {name[:80]} that is compressed or too large")
        return archive.read(member)

    if folder + "byteorder" in members and read("byteorder", 16) != b"little":
        raise ReIDError(f"{path} was written on a big-endian machine; save it again on another")
    value = read_pickle(io.BytesIO(read("data.pkl", LARGEST_PICKLE)), path)
    return value, lambda storage: read(f"data/{storage.key}", len(contents))


def _row(contents, path):
    """(value, key -> bytes) of a row of pickles with the storages behind it."""
    file = io.BytesIO(contents)
    if contents[:1] != b"\x80" or read_pickle(file, path) != MAGIC:
        raise ReIDError(f"{path} is no file that torch.save wrote")
    if read_pickle(file, path) != PROTOCOL or not read_pickle(file, path)["little_endian"]:
        raise ReIDError(f"{path} is of an unknown version of torch.save, or big-endian")
    value = read_pickle(file, path)
    kinds = {tensor.storage.key: tensor.storage for tensor in _tensors(value, path).values()}
    pieces = {}
    for key in read_pickle(file, path):
        if not isinstance(key, str) or key not in kinds or key in pieces:
            raise ReIDError(
                f"{path} has a storage that no tensor of its state dict uses; "
                "save the state dict alone"
            )
        (count,) = struct.unpack("<q", file.read(8))
        size = count * np.dtype(_dtype(kinds[key], path)).itemsize
        if not 0 <= size <= len(contents) - file.tell():
            raise ReIDError(f"{path} holds a storage that is larger than its file")
        pieces[key] = file.read(size)
    if file.tell() != len(contents):
        raise ReIDError(f"{path} has bytes behind its last storage; fetch the file again")
    return value, lambda storage: pieces[storage.key]


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
            storages[storage.key] = storage, np.frombuffer(read(storage), _dtype(storage, path))
        first, numbers = storages[storage.key]
        if first != storage or len(numbers) != storage.count:
            raise ReIDError(f"{path}: the storage of {name} is not of the size that it says")
        _check_view(tensor, name, path)
        arrays[name] = np.lib.stride_tricks.as_strided(
            numbers[tensor.offset :],
            tensor.shape,
            [stride * numbers.itemsize for stride in tensor.strides],
            writeable=False,
        )
    return arrays


def _check_view(tensor, name, path):
    """Refuses a view that leaves its storage or, by repeating it, outgrows it."""
    shape, strides, count = tensor.shape, tensor.strides, tensor.storage.count
    fits = isinstance(shape, tuple) and isinstance(strides, tuple) and is_count(tensor.offset)
    fits = fits and len(shape) == len(strides) <= MOST_AXES
    fits = fits and all(is_count(number) for number in (*shape, *strides))
    if fits and 0 not in shape:
        steps = zip(shape, strides, strict=True)
        last = tensor.offset + sum((side - 1) * stride for side, stride in steps)
        fits = last < count and math.prod(shape) <= count
    elif fits:
        fits = tensor.offset <= count
    if not fits:
        raise ReIDError(f"{path}: tensor {name} does not lie within its storage")


def _dtype(storage, path):
    if storage.kind not in DTYPES:
        raise ReIDError(
            f"{path} holds numbers of kind {storage.kind[:80]}, which are not known here; "
            "save them as float32"
        )
    return DTYPES[storage.kind]
