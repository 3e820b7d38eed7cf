"""How much a request may stand for, found out before memory is taken for it.

Two bytes of float_val can be a tensor of 2 GiB, two bytes of JSON (`0,`) an object of 32. The
words "larger than max" tell our client that less at a time would do.
"""

import math

from serving.messages import DATA_TYPE
from serving.server.errors import invalid_argument, too_large

_STRING = DATA_TYPE["DT_STRING"]
_SEPARATORS = (b",", b"[", b"{")


def check_tensors(protos, limits):
    """Adds up what the TensorProtos of a request declare.

    Args:
      protos: TensorProtos; a shape that is not fully known is left to the parser.
      limits: options.Limits.

    Returns:
      Rows of the request: the largest first dimension, None where there is none.

    Raises StatusError where a limit is passed.
    """
    elements, rows = 0, None
    for proto in protos:
        shape = [max(dim.size, 0) for dim in proto.tensor_shape.dim]
        count = math.prod(shape)
        elements += count
        if shape:
            _check_rows(count if proto.dtype == _STRING else shape[0], limits)
            rows = max(shape[0], rows or 0)
    if elements > limits.elements:
        raise invalid_argument(
            f"tensors of the request larger than max ({elements} vs. {limits.elements} elements)"
        )
    return rows


def check_arrays(arrays, limits):
    """The same rows, of tensors that came as JSON."""
    rows = None
    for array in arrays:
        if array.ndim:
            _check_rows(array.size if array.dtype == object else len(array), limits)
            rows = max(len(array), rows or 0)
    return rows


def check_body(body, limits):
    """Refuses JSON of too many values before it is parsed; a list is counted as a value, too."""
    values = sum(body.count(separator) for separator in _SEPARATORS)
    if values > limits.elements:
        raise invalid_argument(
            f"values in the request body larger than max ({values} vs. {limits.elements} elements)"
        )


def body_too_large(length, limit):
    """The StatusError of a body, in gRPC's own words for a message."""
    return too_large(f"Received message larger than max ({length} vs. {limit})")


def _check_rows(rows, limits):
    if limits.rows and rows > limits.rows:
        raise invalid_argument(
            f"rows of the request larger than max ({rows} vs. {limits.rows}); send less at a time"
        )
