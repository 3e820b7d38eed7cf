"""Values packed in one piece are, on the wire, what protobuf writes value by value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from serving.messages import TensorProto
from serving.server.output_tensor import to_value_proto
from serving.tensors import NUMBER_OF, NUMERIC, to_array

TYPES = sorted(set(NUMBER_OF) - {"bfloat16", "float16", "complex64", "complex128"})


@pytest.mark.parametrize("name", TYPES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_the_bytes_are_protobufs_own(name, data):
    shape = data.draw(arrays.array_shapes(min_dims=0, min_side=0, max_side=5))
    array = data.draw(arrays.arrays(np.dtype(name), shape))
    expected = TensorProto(dtype=NUMBER_OF[name])
    getattr(expected, NUMERIC[NUMBER_OF[name]][1]).extend(array.ravel().tolist())
    for size in shape:
        expected.tensor_shape.dim.add(size=size)
    proto = to_value_proto(array)
    assert proto.SerializeToString() == expected.SerializeToString()
    np.testing.assert_array_equal(to_array(proto), array)


@pytest.mark.parametrize("name", ["bfloat16", "float16", "complex64", "complex128"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_what_has_no_field_of_its_own_comes_back(name, shape):
    pytest.importorskip("ml_dtypes")
    array = np.asarray(np.arange(np.prod(shape, dtype=int)).reshape(shape) - 1.5).astype(name)
    proto = to_value_proto(array)
    assert not proto.tensor_content
    found = to_array(proto)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


def test_every_byte_of_an_image():
    image = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    proto = to_value_proto(image)
    assert list(proto.int_val) == list(range(256)) and not proto.tensor_content


def test_a_client_may_mean_true_by_any_byte():
    sent = TensorProto(dtype=NUMBER_OF["bool"], tensor_content=b"\x00\x01\xa6")
    sent.tensor_shape.dim.add(size=3)
    proto = TensorProto.FromString(to_value_proto(to_array(sent)).SerializeToString())
    assert list(proto.bool_val) == [False, True, True]
