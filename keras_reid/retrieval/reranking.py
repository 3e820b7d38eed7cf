"""k-reciprocal re-ranking (Zhong et al., CVPR 2017, arXiv:1701.08398), sparse throughout.

The published code holds several (Q + G)^2 matrices; here nothing larger than the [Q, G] result is
dense, and sets of neighbours are 0/1 rows of sparse matrices, so that intersections are products.
"""

import numpy as np
import scipy.sparse

from keras_reid.errors import ReIDError
from keras_reid.retrieval.distances import blocks, centred, checked_pair, squared_block


def k_reciprocal_rerank(
    query_embeddings, gallery_embeddings, *, k1=20, k2=6, lambda_value=0.3, chunk=256
):
    """Mixes the distance with how much the two images' neighbourhoods overlap.

    Args:
      query_embeddings: [Q, D].
      gallery_embeddings: [G, D]. For cosine distance, normalise both first.
      k1: neighbours that must name each other.
      k2: neighbours whose neighbourhoods are averaged (1: none).
      lambda_value: share of the original distance in the result, in [0, 1].
      chunk: rows compared at a time; about 8 bytes * chunk * (Q + G) beside the result.

    Returns:
      float32 [Q, G], smaller is closer, in [0, 1].
    """
    if k1 < 1 or k2 < 1:
        raise ReIDError(f"k1 and k2 count neighbours and must be at least 1, not {k1} and {k2}")
    if not 0 <= lambda_value <= 1:
        raise ReIDError(f"lambda_value is a share in [0, 1], not {lambda_value}")
    query, gallery = checked_pair(query_embeddings, gallery_embeddings)
    space = _Space(np.concatenate([query, gallery]), chunk)
    neighbours = space.nearest(max(k1 + 1, k2))
    neighbourhoods = _neighbourhoods(space, neighbours, k1)
    if k2 > 1:
        neighbourhoods = _membership(neighbours, k2) @ neighbourhoods
        neighbourhoods /= min(k2, neighbours.shape[1])
    overlap = _overlap(neighbourhoods[: len(query)], neighbourhoods[len(query) :])
    distance = 1 - overlap / (2 - overlap)  # Jaccard distance of weighted sets of total weight 1
    distance *= 1 - lambda_value
    for rows in blocks(len(query), chunk):
        distance[rows] += lambda_value * space.distances(rows)[:, len(query) :]
    return distance


class _Space:
    """All images, and their squared distances over each image's own largest one, by the block."""

    def __init__(self, embeddings, chunk):
        self.embeddings, _, self.norms, _ = centred(embeddings, embeddings)
        self.chunk = chunk
        self.largest = np.empty(len(embeddings), np.float32)

    def _squared(self, rows):
        return squared_block(self.embeddings, self.embeddings, self.norms, self.norms, rows)

    def nearest(self, count):
        """[N, count] neighbours, nearest first; each image is its own first neighbour."""
        count = min(count, len(self.norms))
        nearest = np.empty([len(self.norms), count], np.int64)
        for rows in blocks(len(self.norms), self.chunk):
            block = self._squared(rows)
            largest = block.max(axis=1)
            self.largest[rows] = np.where(largest > 0, largest, 1)
            block[np.arange(len(block)), np.arange(rows.start, rows.stop)] = -1
            some = np.argpartition(block, count - 1, axis=1)[:, :count]
            some.sort(axis=1)  # so that equal distances keep the order of the images
            order = np.argsort(np.take_along_axis(block, some, 1), axis=1, kind="stable")
            nearest[rows] = np.take_along_axis(some, order, 1)
        return nearest

    def distances(self, rows):
        """[rows, N], in [0, 1]."""
        return self._squared(rows) / self.largest[rows, None]

    def between(self, rows, columns):
        """[M] distances of pairs."""
        result = np.empty(len(rows), np.float32)
        for part in blocks(len(rows), 64 * self.chunk):
            gap = self.embeddings[rows[part]] - self.embeddings[columns[part]]
            result[part] = np.einsum("md,md->m", gap, gap)
        return result / self.largest[rows]


def _membership(neighbours, count):
    """Sparse [N, N]: 1 where the column is among the row's first `count` neighbours."""
    images = len(neighbours)
    columns = neighbours[:, :count]
    starts = np.arange(images + 1) * columns.shape[1]
    ones = np.ones(columns.size, np.float32)
    return scipy.sparse.csr_array((ones, columns.ravel(), starts), shape=(images, images))


def _reciprocal(neighbours, k):
    """Sparse [N, N]: 1 where two images name each other among their k nearest (symmetric)."""
    named = _membership(neighbours, k + 1)  # the image itself comes first
    return named.multiply(named.T).tocsr()


def _neighbourhoods(space, neighbours, k1):
    """Sparse [N, N]: each row the weights of an image's neighbourhood, of sum 1."""
    reciprocal = _reciprocal(neighbours, k1)
    close = _reciprocal(neighbours, int(np.around(k1 / 2)))
    # A neighbour brings its close neighbours along if more than two thirds of them are known here.
    shared = reciprocal.multiply(reciprocal @ close).tocoo()
    sizes = close.sum(axis=1)
    joins = shared.data > 2 / 3 * sizes[shared.col]
    joining = scipy.sparse.csr_array(
        (np.ones(joins.sum(), np.float32), (shared.row[joins], shared.col[joins])), shared.shape
    )
    members = (reciprocal + joining @ close).tocoo()
    weights = np.exp(-space.between(members.row, members.col))
    totals = np.bincount(members.row, weights, members.shape[0])
    weights = (weights / totals[members.row]).astype(np.float32)
    return scipy.sparse.csr_array((weights, (members.row, members.col)), members.shape)


def _overlap(query, gallery):
    """Dense float32 [Q, G]: sum over images of the smaller of the two weights."""
    by_member = gallery.tocsc()
    overlap = np.empty([query.shape[0], gallery.shape[0]], np.float32)
    for row in range(query.shape[0]):
        start, stop = query.indptr[row : row + 2]
        members, weights = query.indices[start:stop], query.data[start:stop]
        begins, ends = by_member.indptr[members], by_member.indptr[members + 1]
        counts = ends - begins
        # The places of all columns of `members`, one after the other.
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        places = np.repeat(begins, counts) + offsets
        smaller = np.minimum(by_member.data[places], np.repeat(weights, counts))
        overlap[row] = np.bincount(by_member.indices[places], smaller, gallery.shape[0])
    return overlap
