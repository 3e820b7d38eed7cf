"""The quick way from JSON to arrays gives what the walk gives, or gives way to it."""

import json

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.server.errors import StatusError
from serving.server.json_tensor import quick_array, walked_array

NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70), st.integers(-2, 300), st.floats(), st.sampled_from([1e39, 0.1])
)
DTYPES = [tf.float32, tf.float64, tf.uint8, tf.int32, tf.int64, tf.uint32, tf.uint64]


@settings(max_examples=300, deadline=None)
@given(
    value=st.recursive(NUMBERS, lambda inner: st.lists(inner, max_size=3), max_leaves=8),
    dtype=st.sampled_from(DTYPES),
)
def test_quick_equals_walked(value, dtype):
    value = json.loads(json.dumps(value))
    quick = quick_array(value, dtype)
    if quick is not None:
        walked = walked_array(value, dtype)
        assert walked.dtype == quick.dtype and walked.shape == quick.shape
        assert np.array_equal(walked, quick, equal_nan=True)


def test_what_the_walk_takes_and_refuses():
    assert walked_array([[], []], tf.float32).shape == (2, 0)
    assert walked_array([], tf.string).shape == (0,)
    assert walked_array(5, tf.int32).shape == ()
    assert walked_array(10**400, tf.float64) == np.inf
    assert walked_array([2**64 - 1], tf.uint64)[0] == 2**64 - 1
    for value, dtype in ((1.5, tf.int32), (True, tf.float32), (1, tf.bool), (2**63, tf.int64)):
        with pytest.raises(StatusError, match="is not of expected type"):
            walked_array(value, dtype)
