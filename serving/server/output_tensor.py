"""Answers as TensorFlow Serving writes them: value by value, not as `tensor_content`.

Clients in the wild read `response.outputs["scores"].float_val`.
"""

import numpy as np

from serving.messages import TensorProto
from serving.tensors import NUMBER_OF, NUMERIC, to_proto


def to_value_proto(array):
    """The TensorProto of an ndarray, its values in the repeated field of its type."""
    if array.dtype.name not in NUMBER_OF:  # strings, and what no tensor can hold
        return to_proto(array)
    number = NUMBER_OF[array.dtype.name]
    proto = TensorProto(dtype=number)
    _, field = NUMERIC[number]
    getattr(proto, field).extend(_wire_values(array.ravel(), field).tolist())
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    return proto


def _wire_values(flat, field):
    if field == "half_val":  # the bits of a 16-bit float, as an integer
        return flat.view(np.uint16)
    if flat.dtype.kind == "c":  # real and imaginary parts take turns
        return flat.view(flat.real.dtype)
    return flat
