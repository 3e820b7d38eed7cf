"""k-reciprocal re-ranking against the released reference and the method with full matrices."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_reid.errors import ReIDError
from keras_reid.retrieval import evaluate_ranking, k_reciprocal_rerank
from tests.retrieval import oracles


def test_equals_the_released_reference(golden):
    keep = golden["rerank_keep"]
    distance = k_reciprocal_rerank(
        golden["query_embeddings"],
        golden["gallery_embeddings"][keep],
        k1=int(golden["rerank_k1"]),
        k2=int(golden["rerank_k2"]),
        lambda_value=float(golden["rerank_lambda"]),
    )
    # The reference holds its weights in half precision.
    np.testing.assert_allclose(distance, golden["rerank_distances"], atol=3e-3)
    result = evaluate_ranking(
        distance,
        golden["query_pids"],
        golden["query_camids"],
        golden["gallery_pids"][keep],
        golden["gallery_camids"][keep],
    )
    assert result.mean_ap == pytest.approx(float(golden["map_reranked"]), abs=0.003)
    np.testing.assert_allclose(result.cmc[:20], golden["cmc_reranked"], atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    queries=st.integers(1, 6),
    gallery=st.integers(1, 25),
    seed=st.integers(0, 2**32 - 1),
    k1=st.sampled_from([1, 2, 5, 7, 20]),
    k2=st.sampled_from([1, 2, 6]),
    lambda_value=st.sampled_from([0.0, 0.3, 1.0]),
    chunk=st.sampled_from([1, 4, 256]),
    clustered=st.booleans(),
)
def test_equals_the_method_with_full_matrices(
    queries, gallery, seed, k1, k2, lambda_value, chunk, clustered
):
    rng = np.random.default_rng(seed)
    images = rng.normal(size=[queries + gallery, 4]).astype(np.float32)
    if clustered:
        images += rng.integers(0, 3, [len(images), 1]) * 8
    query, gallery = images[:queries], images[queries:]
    # Fewer images than the averages want: the oracle averages what there is, and so do we.
    expected = oracles.k_reciprocal(query, gallery, k1, k2, lambda_value)
    actual = k_reciprocal_rerank(
        query, gallery, k1=k1, k2=k2, lambda_value=lambda_value, chunk=chunk
    )
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_many_equal_images_rank_like_themselves():
    embeddings = np.repeat(np.eye(2, 3, dtype=np.float32), 40, axis=0)
    distance = k_reciprocal_rerank(embeddings[[0, 40]], embeddings)
    assert np.isfinite(distance).all()
    assert distance[0, :40].max() < distance[0, 40:].min()
    assert distance[1, 40:].max() < distance[1, :40].min()
    assert np.isfinite(k_reciprocal_rerank(embeddings[:1], embeddings[:3])).all()


def test_memory_stays_far_below_the_square_of_all_images():
    rng = np.random.default_rng(0)
    query, gallery = (rng.normal(size=[n, 16]).astype(np.float32) for n in (100, 5900))
    tracemalloc.start()
    k_reciprocal_rerank(query, gallery)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6000**2 * 4 * 0.75, f"{peak / 2**20:.0f} MiB"  # one such matrix: 137 MiB


@pytest.mark.parametrize(
    "options,words",
    [
        ({"k1": 0}, "at least 1"),
        ({"k2": 0}, "at least 1"),
        ({"lambda_value": 1.5}, "share"),
        ({"gallery_embeddings": np.ones([3, 5])}, "same width"),
        ({"gallery_embeddings": np.ones([0, 4])}, "nothing to compare"),
        ({"gallery_embeddings": np.full([3, 4], np.nan)}, "hold NaN"),
    ],
)
def test_wrong_arguments_get_a_sentence(options, words):
    arguments = {"query_embeddings": np.ones([2, 4]), "gallery_embeddings": np.ones([3, 4])}
    with pytest.raises(ReIDError, match=words):
        k_reciprocal_rerank(**(arguments | options))
