"""Whom an embedding resembles: NumPy in blocks, and FAISS, which must find the same."""

import importlib.util

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from serving import faiss_index, gallery_index
from serving.errors import BadRequest
from serving.gallery import Gallery
from serving.gallery_index import COSINE, EUCLIDEAN, ExactIndex, metric_of, nearest, open_index

needs_faiss = pytest.mark.skipif(
    importlib.util.find_spec("faiss") is None, reason="needs FAISS (extra faiss)"
)
# Small whole numbers: their distances are exact, and many are equal.
galleries = st.integers(1, 40).flatmap(
    lambda rows: arrays(np.float32, (rows, 3), elements=st.integers(-2, 2))
)
queries = arrays(np.float32, (3,), elements=st.integers(-2, 2))


def brute_force(embeddings, query, count, metric):
    """One row at a time, in double precision, sorted by distance and place."""
    rows = []
    for row, embedding in enumerate(embeddings.astype(float)):
        if metric == EUCLIDEAN:
            distance = sum((embedding - query) ** 2) ** 0.5
        else:
            lengths = np.linalg.norm(embedding) * np.linalg.norm(query.astype(float))
            distance = 1 - embedding @ query / lengths if lengths else 1.0
        rows.append((round(distance, 5), row))
    return sorted(rows)[:count]


@pytest.mark.parametrize("metric", [EUCLIDEAN, COSINE])
@given(embeddings=galleries, query=queries, count=st.integers(1, 50), block=st.integers(1, 60))
@settings(deadline=None, max_examples=50)
def test_exact_is_what_a_loop_finds(metric, embeddings, query, count, block):
    before = gallery_index.BLOCK_BYTES
    gallery_index.BLOCK_BYTES = 12 * block  # so many rows at a time
    try:
        rows, distances = nearest(embeddings, query, count, metric)
    finally:
        gallery_index.BLOCK_BYTES = before
    expected = brute_force(embeddings, query, count, metric)
    assert distances.dtype == np.float32 and len(rows) == min(count, len(embeddings))
    np.testing.assert_allclose(distances, [each for each, _ in expected], atol=2e-5)
    if metric == EUCLIDEAN:
        assert rows.tolist() == [row for _, row in expected]
    assert len(set(rows.tolist())) == len(rows)


def test_the_block_does_not_change_who_comes_first_among_equals(monkeypatch):
    embeddings = np.zeros([10, 2], np.float32)
    monkeypatch.setattr(gallery_index, "BLOCK_BYTES", 8 * 3)
    assert nearest(embeddings, np.ones(2, np.float32), 4)[0].tolist() == [0, 1, 2, 3]


def test_a_row_of_nan_comes_last():
    embeddings = np.float32([[np.nan], [3], [1]])
    assert nearest(embeddings, np.float32([0]), 3)[0].tolist() == [2, 1, 0]


def test_another_models_gallery_is_refused():
    with pytest.raises(BadRequest, match="have 2 numbers and the model's 3"):
        nearest(np.zeros([1, 2], np.float32), np.zeros(3, np.float32), 1)


@pytest.mark.parametrize(
    ("told", "metric", "says"),
    [
        ({}, EUCLIDEAN, 0),
        ({"distance": "euclidean"}, EUCLIDEAN, 0),
        ({"distance": "cosine"}, COSINE, 0),
        ({"distance": "aligned:8x128"}, EUCLIDEAN, 1),
    ],
)
def test_the_distance_is_the_models_own(told, metric, says):
    said = []
    assert metric_of(told, said.append) == metric
    assert len(said) == says


@needs_faiss
@pytest.mark.parametrize("metric", [EUCLIDEAN, COSINE])
@given(embeddings=galleries, query=queries, count=st.integers(1, 50))
@settings(deadline=None, max_examples=50)
def test_faiss_finds_the_same_up_to_ties(metric, embeddings, query, count):
    rows, distances = nearest(embeddings, query, count, metric)
    index = faiss_index.FaissIndex.flat(embeddings, metric)
    found, measured = index.nearest(query, count)
    np.testing.assert_allclose(measured, distances, atol=1e-6)
    assert index.recall is None
    # FAISS may leave out other rows than NumPy where the last distance is shared by many.
    nearer = distances < distances[-1] - 1e-5
    assert set(rows[nearer].tolist()) <= set(found.tolist())
    if len(embeddings) <= count + faiss_index.MARGIN:
        assert found.tolist() == rows.tolist()


@needs_faiss
def test_faiss_equals_numpy_on_embeddings_that_are_close_together():
    # Far from the origin, where FAISS's |a|^2 - 2ab + |b|^2 loses digits.
    generator = np.random.default_rng(0)
    embeddings = (100 + generator.normal(size=[2000, 32])).astype(np.float32)
    index = faiss_index.FaissIndex.flat(embeddings, EUCLIDEAN)
    for query in embeddings[:20]:
        expected, found = nearest(embeddings, query, 10), index.nearest(query, 10)
        assert found[0].tolist() == expected[0].tolist()
        np.testing.assert_array_equal(found[1], expected[1])


@needs_faiss
class TestApproximate:
    @pytest.fixture
    def gallery(self, tmp_path):
        embeddings = np.random.default_rng(0).normal(size=[300, 8]).astype(np.float32)
        home = str(tmp_path / "people.npz")
        return Gallery([str(i) for i in range(300)], embeddings, np.zeros([0, 2]), "m1", home)

    def test_it_is_kept_until_the_gallery_changes(self, gallery, tmp_path):
        said = []
        first = open_index("faiss_hnsw", gallery, EUCLIDEAN, said.append)
        kept = tmp_path / "people.npz.hnsw.npz"
        assert kept.exists() and "building" in said[0] and "true 10 nearest" in said[1]
        stamp = kept.stat().st_mtime_ns
        said.clear()
        again = open_index("faiss_hnsw", gallery, EUCLIDEAN, said.append)
        assert kept.stat().st_mtime_ns == stamp and len(said) == 1
        assert again.recall == first.recall
        query = gallery.embeddings[5]
        assert again.nearest(query, 3)[0].tolist() == first.nearest(query, 3)[0].tolist()
        gallery.embeddings[0] += 1
        open_index("faiss_hnsw", gallery, EUCLIDEAN, said.append)
        assert "building" in said[1] and kept.stat().st_mtime_ns != stamp
        open_index("faiss_hnsw", gallery, COSINE, said.append)
        assert "building" in said[3]

    def test_what_it_finds_is_measured_as_numpy_measures(self, gallery):
        index = open_index("faiss_hnsw", gallery, COSINE)
        rows, distances = index.nearest(gallery.embeddings[7], 5)
        expected = nearest(gallery.embeddings, gallery.embeddings[7], 5, COSINE)
        assert rows[0] == 7
        np.testing.assert_allclose(distances[0], expected[1][0], atol=1e-6)
        assert 0.9 <= index.recall <= 1

    def test_recall_counts_what_is_missing(self, gallery):
        class Half(ExactIndex):
            def nearest(self, query, count):
                rows, distances = super().nearest(query, count)
                return rows[: 1 + count // 2], distances[: 1 + count // 2]

        half = Half(gallery.embeddings, EUCLIDEAN)
        assert faiss_index.recall(half, gallery.embeddings, EUCLIDEAN) == pytest.approx(0.5)
        whole = ExactIndex(gallery.embeddings, EUCLIDEAN)
        assert faiss_index.recall(whole, gallery.embeddings, EUCLIDEAN) == 1

    def test_a_damaged_one_is_built_anew(self, gallery, tmp_path):
        open_index("faiss_hnsw", gallery, EUCLIDEAN)
        (tmp_path / "people.npz.hnsw.npz").write_bytes(b"PK\x03\x04 broken")
        said = []
        open_index("faiss_hnsw", gallery, EUCLIDEAN, said.append)
        assert "building" in said[0]

    def test_a_place_that_cannot_be_written_is_no_reason_to_fail(self, gallery):
        said = []
        elsewhere = Gallery(gallery.paths, gallery.embeddings, gallery.stamps, "", "/proc/none/x")
        open_index("faiss_hnsw", elsewhere, EUCLIDEAN, said.append)
        assert "not remembered" in said[1]


def test_a_missing_faiss_is_one_sentence(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    gallery = Gallery(["a"], np.zeros([1, 2], np.float32), np.zeros([0, 2]))
    with pytest.raises(BadRequest, match="keras_reid\\[faiss\\]"):
        open_index("faiss", gallery, EUCLIDEAN)
