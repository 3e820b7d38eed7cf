"""Distances between two sets of embeddings, in blocks of rows."""

import numpy as np

from keras_reid.errors import ReIDError
from keras_reid.retrieval.aligned import aligned_block, block_rows, split, stripes_of

EUCLIDEAN, COSINE = "euclidean", "cosine"
METRICS = (EUCLIDEAN, COSINE)
OWN = "own"  # of plans and flags: the distance that the model was trained for
CHOICES = (OWN, *METRICS)


def chosen_metric(metric, own):
    """The metric, or `own` where that is what was chosen."""
    return own if metric == OWN else metric


def pairwise_distance(a, b, *, metric=EUCLIDEAN, chunk=1024):
    """How far each row of `a` lies from each row of `b`.

    Args:
      a: [Q, D].
      b: [G, D].
      metric: "euclidean"; "cosine" (1 - cosine; a row of zeros is at 1 from everything); or
        "aligned:8x128": Euclidean between global features plus the shortest path through the 8
        stripes of 128 numbers at the end of each row, see `keras_reid.retrieval.aligned`.
      chunk: rows of `a` at a time. Beside the result, only copies of `a` and `b` are held (and
        64 MiB, or one row's stripes against all of `b`, for aligned).

    Returns:
      float32 [Q, G].

    Raises:
      ReIDError: shapes that do not fit, an empty side, numbers that are not finite.
    """
    check_metric(metric)
    a, b = checked_pair(a, b)
    distance = np.empty([len(a), len(b)], np.float32)
    if metric == COSINE:
        a, b = normalised(a), normalised(b)
        for rows in blocks(len(a), chunk):
            block = np.matmul(a[rows], b.T, out=distance[rows])
            np.subtract(1, block, out=block)
        return np.maximum(distance, 0, out=distance)
    stripes = stripes_of(metric)
    if stripes:
        (a, parts), (b, others) = split(a, stripes), split(b, stripes)
    a, b, a_norms, b_norms = centred(a, b)
    for rows in blocks(len(a), chunk):
        np.sqrt(squared_block(a, b, a_norms, b_norms, rows, out=distance[rows]), out=distance[rows])
    if stripes:
        for rows in blocks(len(a), block_rows(stripes, len(b))):
            distance[rows] += aligned_block(parts[rows], others)
    return distance


def check_metric(metric):
    """Refuses a metric that nobody knows."""
    if metric not in METRICS and not stripes_of(metric):
        raise ReIDError(f"no metric is called {metric!r}; choose one of {', '.join(METRICS)}")


def checked_pair(a, b):
    """Both as float32 [., D], or a sentence on what does not fit."""
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ReIDError(
            f"embeddings must be [Q, D] and [G, D] of the same width, not {a.shape} and {b.shape}"
        )
    if not a.size or not b.size:
        raise ReIDError(
            f"there is nothing to compare: embeddings of shapes {a.shape} and {b.shape}"
        )
    for side in (a, b):
        bad = ~np.isfinite(side).all(axis=1)
        if bad.any():
            raise ReIDError(
                f"{bad.sum()} of {len(side)} embeddings hold NaN or infinity, the first in row "
                f"{bad.argmax()}; the model or its weights are broken"
            )
    return a, b


def normalised(embeddings):
    """Rows of length 1; a row of zeros stays."""
    embeddings = np.asarray(embeddings, np.float32)
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return embeddings / np.where(lengths > 0, lengths, 1)


def blocks(rows, chunk):
    """Slices of at most `chunk` rows that cover `rows`."""
    if chunk < 1:
        raise ReIDError(f"chunk is {chunk} rows; at least 1 is needed")
    return [slice(start, min(start + chunk, rows)) for start in range(0, rows, chunk)]


def centred(a, b):
    """(a, b, squared norms of a, of b) around the middle of b.

    Distances don't depend on the origin, but there the least of them is lost to rounding.
    """
    middle = b.mean(axis=0, dtype=np.float64).astype(np.float32)
    a, b = a - middle, b - middle
    return a, b, np.einsum("nd,nd->n", a, a), np.einsum("nd,nd->n", b, b)


def squared_block(a, b, a_norms, b_norms, rows, out=None):
    """Squared Euclidean distances of `a[rows]` to `b`, at least 0."""
    block = np.matmul(a[rows], b.T, out=out)
    block *= -2
    block += a_norms[rows, None]
    block += b_norms
    return np.maximum(block, 0, out=block)
