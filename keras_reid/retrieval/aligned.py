"""AlignedReID's distance: whole bodies compared, and their stripes along the shortest path.

Zhang et al. 2017, arXiv:1711.08184, section 3.1. A row of embeddings is the global feature and then
the stripes from head to feet. Two stripes at Euclidean distance x are at
(e^x - 1) / (e^x + 1) = tanh(x / 2), in [0, 1); the path goes from head and head to feet and feet,
down one person or the other at each step, and costs the sum of what it meets.
"""

import re
from typing import NamedTuple

import numpy as np

from keras_reid.errors import ReIDError

BLOCK_BYTES = 2**26  # of the stripes' distances that are held at a time
_NAME = re.compile(r"aligned:([1-9]\d{0,3})x([1-9]\d{0,5})")


class Stripes(NamedTuple):
    """count stripes of `width` numbers each at the end of every embedding."""

    count: int
    width: int

    @property
    def name(self):
        """Of this distance, as `pairwise_distance` takes it: "aligned:8x128"."""
        return f"aligned:{self.count}x{self.width}"


def stripes_of(metric):
    """The Stripes that a distance's name tells of, or None where it is another distance."""
    found = _NAME.fullmatch(metric) if isinstance(metric, str) else None
    return Stripes(*map(int, found.groups())) if found else None


def split(embeddings, stripes):
    """(global feature [N, D - count * width], stripes [N, count, width]) of embeddings [N, D]."""
    local = stripes.count * stripes.width
    if embeddings.shape[1] <= local:
        raise ReIDError(
            f"embeddings of {embeddings.shape[1]} numbers have no {stripes.count} stripes of "
            f"{stripes.width} behind a global feature; choose --metric=euclidean"
        )
    parts = embeddings[:, -local:].reshape(-1, *stripes)
    return embeddings[:, :-local], parts


def aligned_block(parts, others):
    """Length of the shortest path between every two people.

    Args:
      parts: [q, H, w].
      others: [G, H, w].

    Returns:
      float32 [q, G].
    """
    count = parts.shape[1]
    rows, columns = parts.reshape(-1, parts.shape[2]), others.reshape(-1, others.shape[2])
    apart = (rows**2).sum(1)[:, None] - 2 * rows @ columns.T + (columns**2).sum(1)
    apart = np.tanh(np.sqrt(np.maximum(apart, 0, out=apart), out=apart) / 2)
    # [stripe of one, stripe of the other, q, G]: the path is then sums of whole matrices.
    apart = apart.reshape(len(parts), count, len(others), count).transpose(1, 3, 0, 2)
    before = [None] * count  # the row of the path above
    for i in range(count):
        row = []
        for j in range(count):
            ways = [way for way in (before[j], row[j - 1] if j else None) if way is not None]
            shortest = ways[0] if len(ways) == 1 else np.minimum(*ways) if ways else 0
            row.append(apart[i, j] + shortest)
        before = row
    return before[-1]


def block_rows(stripes, others):
    """How many people can be compared with `others` at a time."""
    return max(1, BLOCK_BYTES // (4 * stripes.count**2 * others))
