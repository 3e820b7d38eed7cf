"""Tensors as PyTorch's pickles describe them: views of storages, checked against them."""

import math
from typing import NamedTuple

import numpy as np

from keras_reid.errors import ReIDError

DTYPES = {
    "torch.DoubleStorage": "<f8", "torch.FloatStorage": "<f4", "torch.HalfStorage": "<f2",
    "torch.LongStorage": "<i8", "torch.IntStorage": "<i4", "torch.ShortStorage": "<i2",
    "torch.CharStorage": "<i1", "torch.ByteStorage": "<u1", "torch.BoolStorage": "|b1",
}  # fmt: skip
MOST_AXES = 8


class Storage(NamedTuple):
    """Numbers that lie elsewhere in the file."""

    kind: str  # such as "torch.FloatStorage"
    key: str
    count: int


class Tensor(NamedTuple):
    """A view of a storage, in elements; not yet checked against it."""

    storage: Storage
    offset: int
    shape: tuple
    strides: tuple


def dtype_of(storage, path):
    """NumPy's dtype of a storage's numbers; ReIDError if they are of an unknown kind."""
    if storage.kind not in DTYPES:
        raise ReIDError(
            f"{path} holds numbers of kind {storage.kind[:80]}, which are not known here; "
            "save them as float32"
        )
    return np.dtype(DTYPES[storage.kind])


def view(tensor, numbers, name, path):
    """The array that `tensor` describes, of its storage's `numbers`; not to be written to.

    Raises:
      ReIDError: it would leave its storage or, by repeating it, outgrow it.
    """
    if not _lies_within(tensor):
        raise ReIDError(f"{path}: tensor {name[:80]!r} does not lie within its storage")
    return np.lib.stride_tricks.as_strided(
        numbers[tensor.offset :],
        tensor.shape,
        [stride * numbers.itemsize for stride in tensor.strides],
        writeable=False,
    )


def _lies_within(tensor):
    shape, strides, count = tensor.shape, tensor.strides, tensor.storage.count
    fits = isinstance(shape, tuple) and isinstance(strides, tuple) and is_count(tensor.offset)
    fits = fits and len(shape) == len(strides) <= MOST_AXES
    fits = fits and all(is_count(number) for number in (*shape, *strides))
    if fits and 0 not in shape:
        steps = zip(shape, strides, strict=True)
        last = tensor.offset + sum((side - 1) * stride for side, stride in steps)
        return last < count and math.prod(shape) <= count
    return fits and tensor.offset <= count


def is_count(value):
    """Whether `value` is a whole number that can count something; a bool cannot."""
    return type(value) is int and 0 <= value < 2**48
