"""One JSON value as one tensor, by the rules and with the messages of TensorFlow Serving.

Large arrays of numbers take NumPy's own conversion. Whatever that might take too generously
(booleans, strings, ragged lists, numbers out of range) is walked value by value, which also finds
the words for what is wrong.
"""

import base64
import binascii
import json

import numpy as np
import tensorflow as tf

from serving.server.errors import invalid_argument, unimplemented

ECHO_LIMIT = 1024  # characters of a wrong value that an error repeats
_INT32, _UINT32 = (-(2**31), 2**31 - 1), (0, 2**32 - 1)
_INT64, _UINT64 = (-(2**63), 2**63 - 1), (0, 2**64 - 1)
_INTEGERS = {  # small integers travel as int32 and are cut to size afterwards
    tf.int8: _INT32,
    tf.uint8: _INT32,
    tf.int16: _INT32,
    tf.int32: _INT32,
    tf.uint32: _UINT32,
    tf.int64: _INT64,
    tf.uint64: _UINT64,
}
_FLOATS = (tf.float32, tf.float64)
_SERVING_NAMES = {tf.float16: "half", tf.float32: "float", tf.float64: "double"}


def type_name(dtype):
    """`float` for tf.float32, as TensorFlow's C++ says it."""
    return _SERVING_NAMES.get(dtype, dtype.name)


def to_array(value, dtype, *, only_numbers):
    """The ndarray of a JSON value.

    Args:
      value: scalar, {"b64": ..} or nested lists, as json.loads returned them.
      dtype: tf.DType of the input.
      only_numbers: whether the text holds no true and no false, which NumPy takes for 1 and 0.

    Raises StatusError where TensorFlow Serving refuses the value.
    """
    array = quick_array(value, dtype) if only_numbers else None
    return walked_array(value, dtype) if array is None else array


def quick_array(value, dtype):
    """NumPy's conversion if it is sure to give what the walk gives, else None."""
    if dtype not in _FLOATS and dtype not in _INTEGERS:
        return None
    try:
        array = np.array(value)
    except (ValueError, OverflowError):
        return None
    if array.size == 0:
        return None
    if dtype in _FLOATS and array.dtype.kind in "iuf":
        with np.errstate(over="ignore"):  # 1e39 is infinity for a float
            return array.astype(dtype.as_numpy_dtype)
    if dtype in _INTEGERS and array.dtype.kind in "iu":
        lowest, highest = _INTEGERS[dtype]
        if array.min() >= lowest and array.max() <= highest:
            return array.astype(dtype.as_numpy_dtype)
    return None


def walked_array(value, dtype):
    """As `to_array`, value by value."""
    shape = _shape_of_first(value)
    flat = []
    _fill(value, 0, shape, dtype, flat)
    if dtype == tf.string:
        array = np.empty(len(flat), object)
        array[:] = flat
    elif dtype in _INTEGERS:
        wide = np.uint64 if dtype == tf.uint64 else np.int64
        array = np.array(flat, wide).astype(dtype.as_numpy_dtype)
    else:
        with np.errstate(over="ignore"):
            array = np.array(flat, np.float64 if dtype in _FLOATS else None)
            array = array.astype(dtype.as_numpy_dtype)
    try:
        return array.reshape(shape)
    except ValueError as error:
        raise invalid_argument(f"tensor of rank {len(shape)} is not supported: {error}") from error


def _shape_of_first(value):
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return shape


def _fill(value, level, shape, dtype, flat):
    if not isinstance(value, list):
        if level != len(shape):
            raise invalid_argument(
                f"JSON Value: {text(value)} found at incorrect level: {level + 1} in the JSON "
                f"DOM. Expected at level: {len(shape)}"
            )
        flat.append(_scalar(value, dtype))
        return
    if level >= len(shape):
        raise invalid_argument(
            f"Encountered list at unexpected level: {level} expected < {len(shape)}"
        )
    if len(value) != shape[level]:
        raise invalid_argument(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: "
            f"{shape[level]}"
        )
    for item in value:
        _fill(item, level + 1, shape, dtype, flat)


def _scalar(value, dtype):
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(value, dict):
        if dtype == tf.string:
            return decode_base64(value)
    elif dtype in _FLOATS:
        if number:
            return _as_float(value)
    elif dtype in _INTEGERS:
        lowest, highest = _INTEGERS[dtype]
        if number and isinstance(value, int) and lowest <= value <= highest:
            return value
    elif dtype == tf.string:
        if isinstance(value, str):
            return encode(value)
    elif dtype == tf.bool:
        if isinstance(value, bool):
            return value
    else:
        raise unimplemented(f"Conversion of JSON Value: {text(value)} to type: {type_name(dtype)}")
    raise invalid_argument(
        f"JSON Value: {text(value)} Type: {_json_type(value)} is not of expected type: "
        f"{type_name(dtype)}"
    )


def _as_float(value):
    try:
        return float(value)
    except OverflowError:  # an integer of more than 308 digits
        return np.inf if value > 0 else -np.inf


def is_base64(value):
    """{"b64": "..."} and nothing else."""
    return isinstance(value, dict) and value.keys() == {"b64"} and isinstance(value["b64"], str)


def decode_base64(value):
    if not is_base64(value):
        raise invalid_argument(f"JSON Value: {text(value)} not formatted correctly for base64 data")
    letters = "".join(value["b64"].split()).rstrip("=")
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise invalid_argument("Unable to base64 decode") from None


def encode(string):
    """Bytes of a JSON string; bytes that were no UTF-8 come back as they were."""
    try:
        return string.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise invalid_argument(
            "JSON Parse error: The surrogate pair in string is invalid."
        ) from None


def text(value):
    """The value as an error message shows it."""
    try:
        shown = json.dumps(value, indent=4, ensure_ascii=False)
    except RecursionError:
        return "(too deeply nested)"
    return shown if len(shown) <= ECHO_LIMIT else shown[:ECHO_LIMIT] + "..."


def _json_type(value):
    names = {dict: "Object", list: "Array", str: "String", type(None): "Null"}
    if isinstance(value, bool):
        return str(value)
    return names.get(type(value), "Number")
