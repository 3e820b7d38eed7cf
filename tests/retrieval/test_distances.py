"""Distances against a loop over pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_reid.errors import ReIDError
from keras_reid.retrieval import pairwise_distance


def euclidean(x, y):
    return np.sqrt(((x - y) ** 2).sum())


def cosine(x, y):
    return 1 - x @ y / np.sqrt((x @ x) * (y @ y))


@pytest.mark.parametrize("metric,one", [("euclidean", euclidean), ("cosine", cosine)])
@settings(max_examples=30, deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(1, 9)),
    seed=st.integers(0, 2**32 - 1),
    chunk=st.integers(1, 8),
)
def test_equals_a_loop_over_pairs(metric, one, sizes, seed, chunk):
    rng = np.random.default_rng(seed)
    rows, columns, width = sizes
    a, b = rng.normal(size=[rows, width]), rng.normal(size=[columns, width])
    distance = pairwise_distance(a, b, metric=metric, chunk=chunk)
    assert distance.dtype == np.float32
    expected = [[one(x, y) for y in b] for x in a]
    np.testing.assert_allclose(distance, expected, rtol=1e-4, atol=1e-5)


def test_golden_distances(golden):
    distance = pairwise_distance(golden["query_embeddings"], golden["gallery_embeddings"])
    np.testing.assert_allclose(distance, golden["distances"], rtol=1e-5)


def test_far_from_the_origin_little_is_lost_to_rounding():
    # 1 apart at 4096 from the origin: the squared norms, 2^24 each, hold no such difference.
    a, b = np.array([[4096.0, 0.0]]), np.array([[4096.0, 1.0], [4096.0, 0.0]])
    np.testing.assert_allclose(pairwise_distance(a, b), [[1.0, 0.0]], atol=1e-3)


def test_cosine_of_a_row_of_zeros_is_one():
    zero, one = np.zeros([1, 3]), np.ones([1, 3])
    np.testing.assert_array_equal(pairwise_distance(zero, one, metric="cosine"), [[1.0]])


def test_arguments_stay_as_they_were():
    a = np.ones([2, 3], np.float32)
    pairwise_distance(a, a)
    pairwise_distance(a, a, metric="cosine")
    np.testing.assert_array_equal(a, np.ones([2, 3]))


@pytest.mark.parametrize(
    "a,b,options,words",
    [
        (np.ones([2, 3]), np.ones([2, 4]), {}, "same width"),
        (np.ones([3]), np.ones([2, 3]), {}, "same width"),
        (np.ones([0, 3]), np.ones([2, 3]), {}, "nothing to compare"),
        (np.ones([2, 3]), np.ones([0, 3]), {}, "nothing to compare"),
        (np.ones([2, 3]), np.full([2, 3], np.nan), {}, "2 of 2 embeddings hold NaN"),
        (np.full([2, 3], np.inf), np.ones([2, 3]), {}, "first in row 0"),
        (np.ones([2, 3]), np.ones([2, 3]), {"metric": "l3"}, "no metric is called 'l3'"),
        (np.ones([2, 3]), np.ones([2, 3]), {"chunk": 0}, "chunk is 0"),
    ],
)
def test_wrong_arguments_get_a_sentence(a, b, options, words):
    with pytest.raises(ReIDError, match=words):
        pairwise_distance(a, b, **options)
