"""AlignedReID's distance against a loop over every path."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_reid.errors import ReIDError
from keras_reid.retrieval import aligned, chosen_metric, pairwise_distance
from keras_reid.retrieval.aligned import Stripes, stripes_of


def paths(count, i=0, j=0):
    """Every way from (0, 0) to the last stripes of both, one step down at a time."""
    if (i, j) == (count - 1, count - 1):
        yield [(i, j)]
    for down, right in ((1, 0), (0, 1)):
        if i + down < count and j + right < count:
            for rest in paths(count, i + down, j + right):
                yield [(i, j), *rest]


def one(x, y, stripes):
    """Zhang et al. 2017, equations 1 and 2, and the global distance."""
    local = stripes.count * stripes.width
    body = np.sqrt(((x[:-local] - y[:-local]) ** 2).sum())
    f, g = (each[-local:].reshape(stripes) for each in (x, y))
    far = np.array([[np.linalg.norm(a - b) for b in g] for a in f])
    cost = (np.exp(far) - 1) / (np.exp(far) + 1)
    return body + min(sum(cost[place] for place in path) for path in paths(stripes.count))


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 4), st.integers(1, 4)),
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(1, 7),
)
def test_equals_the_shortest_of_all_paths(sizes, seed, rows):
    generator = np.random.default_rng(seed)
    ours, theirs, count, width = sizes
    stripes = Stripes(count, width)
    a, b = (generator.normal(size=[n, 3 + count * width]) for n in (ours, theirs))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aligned, "BLOCK_BYTES", 4 * count**2 * theirs * rows)
        distance = pairwise_distance(a, b, metric=stripes.name)
    assert distance.dtype == np.float32
    expected = [[one(x, y, stripes) for y in b] for x in a]
    np.testing.assert_allclose(distance, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        pairwise_distance(b, a, metric=stripes.name), distance.T, rtol=1e-4, atol=1e-4
    )


def test_a_shifted_person_is_nearer_than_stripe_by_stripe():
    # The same body, one stripe lower: only the ends of the path cost anything.
    body = np.eye(6)
    upper, lower = body[:5].reshape(1, -1), body[1:].reshape(1, -1)
    whole = np.zeros([1, 1])
    a, b = np.concatenate([whole, upper], 1), np.concatenate([whole, lower], 1)
    cost = np.tanh(np.sqrt(2) / 2)
    # Nine cells, of which the four where stripe i + 1 of one meets stripe i of the other are free.
    np.testing.assert_allclose(
        pairwise_distance(a, b, metric="aligned:5x6"), [[5 * cost]], rtol=1e-6
    )


def test_memory_stays_within_a_block():
    a, b = np.ones([64, 3 + 8 * 4], np.float32), np.ones([4000, 3 + 8 * 4], np.float32)
    tracemalloc.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aligned, "BLOCK_BYTES", 2**22)
        pairwise_distance(a, b, metric="aligned:8x4")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # All at once it would be 64 * 4000 * 64 floats, 62 MiB, several times over.
    assert peak < 24 * 2**20


def test_names():
    assert stripes_of("aligned:8x128") == Stripes(8, 128)
    assert stripes_of(Stripes(3, 4).name) == Stripes(3, 4)
    for name in ("euclidean", "aligned", "aligned:0x3", "aligned:8x128 ", "aligned:8", None, 3):
        assert stripes_of(name) is None
    assert chosen_metric("own", "aligned:8x128") == "aligned:8x128"
    assert chosen_metric("cosine", "aligned:8x128") == "cosine"
    with pytest.raises(ReIDError, match="no metric is called 'aligned:x'"):
        pairwise_distance(np.ones([1, 3]), np.ones([1, 3]), metric="aligned:x")
    with pytest.raises(ReIDError, match="of 6 numbers have no 2 stripes of 3 behind a global"):
        pairwise_distance(np.ones([1, 6]), np.ones([1, 6]), metric="aligned:2x3")
