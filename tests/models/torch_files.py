"""Files as torch.save writes them, made without PyTorch."""

import contextlib
import io
import pickle
import struct
import sys
import types
import zipfile
from collections import OrderedDict

import numpy as np

STORAGES = {
    "float32": "FloatStorage", "float64": "DoubleStorage", "float16": "HalfStorage",
    "int64": "LongStorage", "uint8": "ByteStorage",
}  # fmt: skip


def _rebuild_tensor_v2(*arguments):
    raise AssertionError("readers of these files call nothing")


_rebuild_tensor_v2.__module__ = "torch._utils"


class _Storage:
    """Stands for the memory of one array; its class is named by the pickle."""

    def __init__(self, key, values):
        self.key, self.values = key, values


class _Tensor:
    def __init__(self, storage, shape, strides, offset):
        self.description = (storage, offset, shape, strides, False, OrderedDict())

    def __reduce__(self):
        return _rebuild_tensor_v2, self.description


class _Pickler(pickle.Pickler):
    def __init__(self, file, kinds, tail):
        super().__init__(file, protocol=2)
        self._kinds, self._tail = kinds, tail

    def persistent_id(self, value):
        if isinstance(value, _Storage):
            kind = self._kinds[STORAGES[value.values.dtype.name]]
            return ("storage", kind, value.key, "cpu", value.values.size, *self._tail)
        return None


@contextlib.contextmanager
def pretended_torch():
    """Inside, the few names that torch.save writes can be pickled."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    utils._rebuild_tensor_v2, torch._utils = _rebuild_tensor_v2, utils
    kinds = {name: type(name, (), {"__module__": "torch"}) for name in STORAGES.values()}
    vars(torch).update(kinds)
    before = {name: sys.modules.get(name) for name in ("torch", "torch._utils")}
    sys.modules.update({"torch": torch, "torch._utils": utils})
    try:
        yield kinds
    finally:
        for name, module in before.items():
            sys.modules.pop(name)
            if module is not None:
                sys.modules[name] = module


def described(arrays):
    """(state dict of tensors, [storages]); column-major arrays keep their strides, as in torch."""
    tensors, storages = OrderedDict(), []
    for index, (name, value) in enumerate(arrays.items()):
        value = np.asarray(value)
        storage = _Storage(str(index), np.ravel(value, order="K"))
        strides = tuple(stride // value.itemsize for stride in value.strides)
        tensors[name] = _Tensor(storage, value.shape, strides, 0)
        storages.append(storage)
    # As every state_dict() of PyTorch has.
    tensors._metadata = OrderedDict([("", {"version": 1})])
    return tensors, storages


def zip_bytes(arrays, wrap=lambda tensors: tensors, pickled=None, **options):
    """The archive of PyTorch 1.6 and later; `pickled`: another pickle than that of `arrays`."""
    tensors, storages = described(arrays)
    if pickled is None:
        file = io.BytesIO()
        with pretended_torch() as kinds:
            _Pickler(file, kinds, ()).dump(wrap(tensors))
        pickled = file.getvalue()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as archive:
        archive.writestr("weights/data.pkl", pickled)
        archive.writestr("weights/byteorder", "little")
        for storage in storages:
            archive.writestr(f"weights/data/{storage.key}", storage.values.tobytes())
        archive.writestr("weights/version", "3\n")
    return file.getvalue()


def row_bytes(arrays, wrap=lambda tensors: tensors):
    """The row of pickles that came before."""
    tensors, storages = described(arrays)
    file = io.BytesIO()
    for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True, "type_sizes": {}}):
        pickle.dump(value, file, protocol=2)
    with pretended_torch() as kinds:
        _Pickler(file, kinds, (None,)).dump(wrap(tensors))
    pickle.dump([storage.key for storage in storages], file, protocol=2)
    for storage in storages:
        file.write(struct.pack("<q", storage.values.size) + storage.values.tobytes())
    return file.getvalue()


WRITERS = {"zip": zip_bytes, "row": row_bytes}
