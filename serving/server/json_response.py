"""Tensors as JSON: {"predictions": [...]} by row, {"outputs": ...} by column."""

import base64
import json

import numpy as np
import tensorflow as tf

from serving.server.errors import invalid_argument
from serving.server.json_tensor import type_name

BYTES_SUFFIX = "_bytes"  # such outputs are bytes, not text: {"b64": ..}
_WRITABLE = (
    *(tf.float32, tf.float64, tf.bool, tf.string),
    *(tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint32, tf.uint64),
)


def encode_outputs(outputs, *, by_row):
    """The body of an answer.

    Args:
      outputs: {name: ndarray}.
      by_row: one entry for each example; needs outputs of equal, non-zero first dimension.
    """
    if not outputs:
        raise invalid_argument("Cannot convert empty tensor map to JSON")
    outputs = dict(sorted(outputs.items()))
    if by_row:
        _check_rows(outputs)
    columns = {name: _plain(name, array) for name, array in outputs.items()}
    if len(columns) == 1:
        (content,) = columns.values()
    elif by_row:
        content = [
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        ]
    else:
        content = columns
    return dump({"predictions" if by_row else "outputs": content})


def dump(value):
    """JSON as bytes; text that was no UTF-8 goes out as the bytes it was."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogateescape")


def _check_rows(outputs):
    size = None
    for name, array in outputs.items():
        if array.ndim == 0:
            raise invalid_argument(f"Tensor name: {name} has no shape information ")
        if len(array) < 1:
            raise invalid_argument(f"Tensor name: {name} has invalid batch size: {len(array)}")
        if size is not None and len(array) != size:
            raise invalid_argument(
                f"Tensor name: {name} has inconsistent batch size: {len(array)} expecting: {size}"
            )
        size = len(array)


def _plain(name, array):
    """Nested lists of what the json module writes."""
    dtype = tf.string if array.dtype == object else tf.as_dtype(array.dtype)
    if dtype not in _WRITABLE:
        raise invalid_argument(f"Failed to write JSON value for tensor type: {type_name(dtype)}")
    if dtype == tf.float32:
        # Through text: 0.2 stays 0.2, where a cast would make it 0.20000000298023224.
        return array.astype("U32").astype(np.float64).tolist()
    if dtype != tf.string:
        return array.tolist()
    write = _write_bytes if name.endswith(BYTES_SUFFIX) else _write_text
    written = np.empty(array.shape, object)
    for index, value in np.ndenumerate(array):
        written[index] = write(value)
    return written.tolist()


def _write_bytes(value):
    return {"b64": base64.b64encode(value).decode("ascii")}


def _write_text(value):
    return value.decode("utf-8", "surrogateescape")
