"""Whom an embedding resembles: the exact answer with NumPy, in blocks of the gallery.

A model tells the distance that it was trained for (`describe`): "euclidean" or "cosine". Of
AlignedReID ("aligned:8x128") only the library has the distance, so that here whole embeddings are
compared by the Euclidean one.
"""

import numpy as np

from serving.errors import BadRequest

EUCLIDEAN, COSINE = "euclidean", "cosine"
EXACT, FAISS, HNSW = "exact", "faiss", "faiss_hnsw"
KINDS = (EXACT, FAISS, HNSW)
BLOCK_BYTES = 64 * 2**20  # of the gallery at a time


def metric_of(description, say=lambda line: None):
    """ "euclidean" or "cosine", as a model's description wants it."""
    told = description.get("distance") or EUCLIDEAN
    if told not in (EUCLIDEAN, COSINE):
        say(f"the model compares by {told}, which the client has not: ranked by {EUCLIDEAN}")
        return EUCLIDEAN
    return told


def nearest(embeddings, query, count, metric=EUCLIDEAN):
    """The `count` rows of `embeddings` [G, D] nearest to `query` [D].

    Returns:
      (rows int64 [count], distances float32 [count]), nearest first; of equal distances the smaller
      row. At most 64 MiB of the gallery are copied at a time.
    """
    check(embeddings, query, count)
    size = max(1, BLOCK_BYTES // (4 * embeddings.shape[1]))
    rows, found = np.zeros(0, np.int64), np.zeros(0, np.float32)
    for start in range(0, len(embeddings), size):
        distance = distances(embeddings[start : start + size], query, metric)
        # What is not further than the `count`-th, equals included; NaN is kept and sorts last.
        last = min(count, len(distance)) - 1
        kept = np.flatnonzero(~(distance > np.partition(distance, last)[last]))
        rows = np.concatenate([rows, kept + start])
        found = np.concatenate([found, distance[kept]])
        rows, found = first(rows, found, count)
    return rows, found


def among(embeddings, rows, query, count, metric):
    """`nearest`, but only of the given rows."""
    rows = np.sort(rows)
    return first(rows, distances(embeddings[rows], query, metric), count)


def first(rows, distance, count):
    order = np.lexsort((rows, distance))[:count]
    return rows[order], distance[order]


def distances(embeddings, query, metric):
    """float32 [G]: Euclidean, or 1 - cosine (a row of zeros is at 1 from everything)."""
    if metric == EUCLIDEAN:
        return np.linalg.norm(embeddings - query, axis=1)
    return np.maximum(1 - unit_rows(embeddings) @ unit_rows(query[np.newaxis])[0], 0)


def unit_rows(embeddings):
    """Rows of length one; rows of zeros stay."""
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return embeddings / np.where(lengths > 0, lengths, 1)


def check(embeddings, query, count):
    if embeddings.shape[1:] != query.shape:
        raise BadRequest(
            f"the gallery's embeddings have {embeddings.shape[1]} numbers and the model's "
            f"{query.size}: they come from another model"
        )
    if count < 1:
        raise BadRequest(f"at least one gallery image can be asked for, not {count}")


class ExactIndex:
    """`nearest` over one gallery, with the interface of `serving.faiss_index`."""

    def __init__(self, embeddings, metric):
        self._embeddings = embeddings
        self._metric = metric

    def nearest(self, query, count):
        """(rows, distances) of at most `count` gallery images."""
        return nearest(self._embeddings, query, count, self._metric)


def open_index(kind, gallery, metric, say=lambda line: None):
    """An index of a Gallery.

    Args:
      kind: "exact" (NumPy), "faiss" (exact too, faster on large galleries) or "faiss_hnsw"
        (approximate; what it misses is measured when it is built, and said).
      gallery: Gallery; an approximate index is kept beside its file until the gallery changes.
      metric: "euclidean" or "cosine".
      say: called with a sentence.
    """
    if kind == EXACT:
        return ExactIndex(gallery.embeddings, metric)
    from serving.faiss_index import FaissIndex, kept_hnsw

    if kind == FAISS:
        return FaissIndex.flat(gallery.embeddings, metric)
    return kept_hnsw(gallery, metric, say)
