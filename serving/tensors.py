"""NumPy arrays <-> TensorProto, by the same rules as TensorFlow."""

import math

import numpy as np

from serving.errors import BadRequest
from serving.messages import DATA_TYPE, TensorProto

# DataType -> (NumPy dtype name, the field that holds single values). bfloat16 is known to NumPy
# once ml_dtypes, which TensorFlow brings, is imported.
NUMERIC = {
    "DT_FLOAT": ("float32", "float_val"),
    "DT_DOUBLE": ("float64", "double_val"),
    "DT_HALF": ("float16", "half_val"),
    "DT_BFLOAT16": ("bfloat16", "half_val"),
    "DT_INT8": ("int8", "int_val"),
    "DT_INT16": ("int16", "int_val"),
    "DT_INT32": ("int32", "int_val"),
    "DT_INT64": ("int64", "int64_val"),
    "DT_UINT8": ("uint8", "int_val"),
    "DT_UINT16": ("uint16", "int_val"),
    "DT_UINT32": ("uint32", "uint32_val"),
    "DT_UINT64": ("uint64", "uint64_val"),
    "DT_BOOL": ("bool", "bool_val"),
    "DT_COMPLEX64": ("complex64", "scomplex_val"),
    "DT_COMPLEX128": ("complex128", "dcomplex_val"),
}
NUMERIC = {DATA_TYPE[name]: row for name, row in NUMERIC.items()}
NUMBER_OF = {dtype: number for number, (dtype, _) in NUMERIC.items()}
NAME_OF = {number: name for name, number in DATA_TYPE.items()}
STRING = DATA_TYPE["DT_STRING"]
MAX_RANK = 32  # NumPy 1.26 has no more, and neither has any model
MAX_BYTES = 2**31 - 1  # no message is larger, so neither is what a few values may be repeated to


def dtype_name(data_type):
    """DataType number -> NumPy name, "str" for strings (as in `contract`), None if not known."""
    return "str" if data_type == STRING else NUMERIC.get(data_type, (None,))[0]


def to_proto(array):
    """Packs numbers, or strings given as an array of bytes or str.

    Bytes want dtype=object: NumPy's own "S" drops zero bytes at the end of a JPEG.
    """
    array = np.asarray(array)
    if array.dtype.kind in "OSU":
        proto = TensorProto(dtype=STRING)
        proto.string_val.extend(as_bytes(value) for value in array.ravel())
    elif array.dtype.name in NUMBER_OF:
        proto = TensorProto(dtype=NUMBER_OF[array.dtype.name])
        proto.tensor_content = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    else:
        raise BadRequest(f"a tensor cannot hold values of type {array.dtype}")
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    return proto


def as_bytes(value):
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return value
    raise BadRequest(f"a string tensor holds bytes or text, not {type(value).__name__}")


def to_array(proto):
    """Unpacks a tensor; strings become an object array of bytes.

    The array may be read-only and may share memory (a repeated single value costs nothing).
    Raises BadRequest, in one sentence, for what is no well-formed tensor.
    """
    shape = shape_of(proto)
    count = math.prod(shape)
    if proto.dtype == STRING:
        check_size(shape, np.dtype(object))
        values = np.empty(len(proto.string_val), dtype=object)
        values[:] = list(proto.string_val)
        return filled(values, count, shape, blank=b"")
    if proto.dtype not in NUMERIC:
        name = NAME_OF.get(proto.dtype, proto.dtype)
        raise BadRequest(f"tensors of type {name} are not supported")
    dtype, field = NUMERIC[proto.dtype]
    dtype = np.dtype(dtype)
    check_size(shape, dtype)
    content = proto.tensor_content  # once: each look copies it
    if content:
        expected = count * dtype.itemsize
        if len(content) != expected:
            raise BadRequest(
                f"tensor parsing error: {len(content)} bytes of content where "
                f"{dtype} of shape {list(shape)} has {expected}"
            )
        return np.frombuffer(content, dtype.newbyteorder("<")).reshape(shape)
    return filled(single_values(getattr(proto, field), dtype), count, shape, blank=0)


def shape_of(proto):
    """The shape as a tuple; a tensor, unlike a placeholder, has to know all of it."""
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    if proto.tensor_shape.unknown_rank or any(size < 0 for size in shape):
        raise BadRequest(f"tensor parsing error: the shape {list(shape)} is not fully known")
    return shape


def check_size(shape, dtype):
    # Sizes of 0 count as 1: NumPy refuses a shape whose other sizes overflow, even when empty.
    size = dtype.itemsize * math.prod(max(size, 1) for size in shape)
    if len(shape) > MAX_RANK or size > MAX_BYTES:
        raise BadRequest(f"tensor parsing error: the shape {list(shape)} is too large")


def single_values(field, dtype):
    """Reads a repeated field; narrow types travel widened, 16-bit floats as their bits."""
    if dtype.name in ("float16", "bfloat16"):
        return np.array(field, np.int32).astype(np.uint16).view(dtype)
    if dtype.kind == "c":  # real and imaginary parts take turns
        parts = np.array(field, dtype.type(0).real.dtype)
        return parts[: len(parts) // 2 * 2].view(dtype)
    wire = np.int32 if dtype.itemsize < 4 and dtype.kind in "iu" else dtype
    return np.array(field, wire).astype(dtype)  # C-style wrap-around, as in TensorFlow


def filled(values, count, shape, blank):
    """Shapes `values`; where too few came the last one repeats, where none came it is `blank`."""
    if len(values) > count:
        raise BadRequest(f"tensor parsing error: {len(values)} values for the shape {list(shape)}")
    if len(values) == count:
        return values.reshape(shape)
    if len(values) <= 1:
        single = values if len(values) else np.array([blank], values.dtype)
        return np.broadcast_to(single.reshape(()), shape)
    return np.concatenate([values, np.repeat(values[-1:], count - len(values))]).reshape(shape)
