"""The names that a PyTorch checkpoint may mention, and what each stands for; none is imported.

Four have a meaning. The others are those of what PyTorch's training loops save beside the weights:
they stand for nothing, whatever is called on them, with them or in their name.
"""

import re
from typing import NamedTuple

from keras_reid.models.torch_tensors import Storage, Tensor

DICTIONARY = "collections.OrderedDict"
TENSOR = "torch._utils._rebuild_tensor_v2"
PARAMETER = "torch._utils._rebuild_parameter"
STORAGE = re.compile(r"torch\.(cuda\.)?[A-Za-z0-9]+Storage")
LONGEST_NAME = 200  # of a module, or within one

_NUMPY = (
    "dtype", "ndarray", "core.multiarray.scalar", "core.multiarray._reconstruct",
    "_core.multiarray.scalar", "_core.multiarray._reconstruct",
)  # fmt: skip
_TORCH = (
    "Size", "device", "float16", "bfloat16", "float32", "float64", "int32", "int64", "bool",
    "optim.adam.Adam", "optim.adamw.AdamW", "optim.radam.RAdam", "optim.rmsprop.RMSprop",
    "optim.sgd.SGD", "optim.lr_scheduler.CosineAnnealingLR", "optim.lr_scheduler.MultiStepLR",
    "optim.lr_scheduler.StepLR",
)  # fmt: skip
_BUILTINS = ("bytes", "dict", "float", "int", "list", "set")
INERT = frozenset(
    [
        "collections.Counter",
        "collections.defaultdict",
        "_codecs.encode",  # how protocol 2 writes the bytes of NumPy's scalars
        *(f"numpy.{name}" for name in _NUMPY),
        *(f"torch.{name}" for name in _TORCH),
        *(f"{module}.{name}" for module in ("builtins", "__builtin__") for name in _BUILTINS),
    ]
)


class Name(NamedTuple):
    """What a pickle would import."""

    text: str


class Inert:
    """What stands where something that is not known here would: an optimizer, a NumPy scalar."""


def named(module, attribute):
    """Name of `attribute` in `module`.

    Raises:
      ValueError: these are no names, or longer than any is. Checked before they are joined, for a
        pickle of 1 MiB can ask for a hundred thousand names of 1 MiB.
    """
    if not (isinstance(module, str) and isinstance(attribute, str)):
        raise ValueError("a name that is no text")
    if max(len(module), len(attribute)) > LONGEST_NAME:
        raise ValueError("a name longer than any")
    return Name(f"{module}.{attribute}")


def is_allowed(name):
    """Whether a pickle may mention `name` at all."""
    return (
        name.text in (DICTIONARY, TENSOR, PARAMETER)
        or name.text in INERT
        or STORAGE.fullmatch(name.text) is not None
    )


def called(name, arguments):
    """What stands for a call of `name`; None where there is nothing to stand for it."""
    if name.text in INERT:
        return Inert()
    if name.text == DICTIONARY and arguments == ():
        return {}
    if name.text == TENSOR and isinstance(arguments[0], Storage):
        storage, offset, shape, strides = arguments[:4]
        return Tensor(storage, offset, shape, strides)
    if name.text == PARAMETER and isinstance(arguments[0], Tensor):
        return arguments[0]
    return None
