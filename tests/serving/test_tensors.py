"""Tensors by the rules of TensorFlow, whose own packing is the oracle."""

import hypothesis
import numpy as np
import pytest
import tensorflow as tf
from hypothesis.extra import numpy as arrays

from serving import tensors
from serving.errors import BadRequest
from serving.messages import DATA_TYPE, TensorProto

TensorFlowProto = type(tf.make_tensor_proto(0))
DTYPES = [name for name, _ in tensors.NUMERIC.values()]


def array_of(dtype):
    """Values that tell every dtype's elements apart: 0, 1, 2, ... (bool: true, false in turns)."""
    return np.arange(6).reshape(2, 3).astype(dtype)


def from_tensorflow(proto):
    return tensors.to_array(TensorProto.FromString(proto.SerializeToString()))


@pytest.mark.parametrize("dtype", DTYPES)
class TestEveryDtype:
    def test_packs_what_tensorflow_unpacks(self, dtype):
        packed = tensors.to_proto(array_of(dtype)).SerializeToString()
        unpacked = tf.make_ndarray(TensorFlowProto.FromString(packed))
        assert unpacked.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(unpacked, array_of(dtype))

    def test_unpacks_what_tensorflow_packs(self, dtype):
        unpacked = from_tensorflow(tf.make_tensor_proto(array_of(dtype)))
        assert unpacked.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(unpacked, array_of(dtype))

    def test_a_single_value_stands_for_all(self, dtype):
        proto = tf.make_tensor_proto(array_of(dtype).ravel()[1], shape=[2, 3])
        assert not proto.tensor_content
        np.testing.assert_array_equal(from_tensorflow(proto), np.ones([2, 3], dtype))

    def test_values_one_by_one(self, dtype):
        # What a client in another language writes: no content, each value in the typed field.
        oracle = tf.make_tensor_proto(array_of(dtype).ravel()[0])
        for value in array_of(dtype).ravel()[1:]:
            oracle.MergeFrom(without_shape(tf.make_tensor_proto(value)))
        oracle.tensor_shape.CopyFrom(tf.TensorShape([2, 3]).as_proto())
        np.testing.assert_array_equal(from_tensorflow(oracle), tf.make_ndarray(oracle))
        np.testing.assert_array_equal(from_tensorflow(oracle), array_of(dtype))

    def test_no_value_at_all_is_zero(self, dtype):
        # TensorFlow compresses tensors of zeros to this.
        proto = tf.make_tensor_proto(np.zeros([], dtype), shape=[])
        proto.ClearField(tensors.NUMERIC[proto.dtype][1])
        np.testing.assert_array_equal(from_tensorflow(proto), np.zeros([], dtype))


def without_shape(proto):
    proto.ClearField("tensor_shape")
    return proto


@hypothesis.given(arrays.arrays("float32", arrays.array_shapes(min_dims=0, min_side=0)))
def test_any_floats_survive(array):
    np.testing.assert_array_equal(tensors.to_array(tensors.to_proto(array)), array)


def test_strings_keep_zero_bytes_at_the_end():
    packed = tensors.to_proto(np.array([b"\x89PNG\0\0", b""], dtype=object))
    unpacked = tensors.to_array(packed)
    assert unpacked.tolist() == [b"\x89PNG\0\0", b""]
    oracle = tf.make_ndarray(TensorFlowProto.FromString(packed.SerializeToString()))
    assert oracle.tolist() == unpacked.tolist()


def test_text_is_sent_as_utf8():
    assert tensors.to_array(tensors.to_proto(["é"])).tolist() == ["é".encode()]


def test_the_last_of_too_few_values_repeats():
    proto = TensorProto(dtype=DATA_TYPE["DT_UINT8"], int_val=[7, 9])
    proto.tensor_shape.dim.add(size=4)
    assert tensors.to_array(proto).tolist() == [7, 9, 9, 9]


def test_values_wider_than_their_type_wrap_around():
    assert tensors.to_array(TensorProto(dtype=DATA_TYPE["DT_UINT8"], int_val=[257])) == 1


def test_a_large_repeated_value_costs_no_memory():
    proto = TensorProto(dtype=DATA_TYPE["DT_FLOAT"], float_val=[1.0])
    proto.tensor_shape.dim.add(size=500_000_000)
    assert tensors.to_array(proto).strides == (0,)


def shaped(*sizes, **fields):
    proto = TensorProto(**fields)
    for size in sizes:
        proto.tensor_shape.dim.add(size=size)
    return proto


@pytest.mark.parametrize(
    ("proto", "says"),
    [
        (shaped(2, dtype=1, tensor_content=b"12345"), "5 bytes of content where float32"),
        (shaped(1, dtype=1, float_val=[1.0, 2.0]), "2 values for the shape"),
        (shaped(1, dtype=7, string_val=[b"a", b"b"]), "2 values for the shape"),
        (shaped(-1, dtype=1), "not fully known"),
        (shaped(2**40, dtype=4, int_val=[1, 2]), "too large"),
        (shaped(2**62, 2**62, 0, dtype=4), "too large"),
        (shaped(2**40, dtype=7), "too large"),
        (shaped(*[1] * 40, dtype=4), "too large"),
        (shaped(1, dtype=20), "DT_RESOURCE are not supported"),
        (shaped(1, dtype=0), "DT_INVALID are not supported"),
        (shaped(1, dtype=4711), "4711 are not supported"),
    ],
)
def test_bad_content_is_told_in_a_sentence(proto, says):
    with pytest.raises(BadRequest, match=says):
        tensors.to_array(proto)


@pytest.mark.parametrize("array", [np.array([object()]), np.zeros(1, "datetime64[s]"), [None]])
def test_what_is_no_tensor_is_refused(array):
    with pytest.raises(BadRequest):
        tensors.to_proto(array)


def test_every_dtype_has_its_name():
    assert tensors.dtype_name(DATA_TYPE["DT_HALF"]) == "float16"
    assert tensors.dtype_name(DATA_TYPE["DT_STRING"]) == "str"
    assert tensors.dtype_name(DATA_TYPE["DT_VARIANT"]) is None
