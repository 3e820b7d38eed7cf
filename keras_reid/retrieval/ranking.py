"""Ranking metrics of re-identification: CMC, mean average precision, mINP."""

import dataclasses

import numpy as np

from keras_reid.errors import ReIDError
from keras_reid.retrieval.distances import blocks

STANDARD, MARKET_TOOLBOX = "standard", "market_toolbox"
AVERAGE_PRECISIONS = (STANDARD, MARKET_TOOLBOX)
JUNK, DISTRACTOR = -1, 0


@dataclasses.dataclass(frozen=True, eq=False)
class RankingResult:
    """How well a gallery was ranked; every figure is a share in [0, 1].

    mean_ap: mean average precision, of the kind `average_precision`.
    cmc: float64 [G]; cmc[k - 1] is the share of queries with a match among the first k.
    mean_inp: mean inverse negative penalty, matches / rank of the last one (Ye et al. 2020).
    average_precisions: float64 [Q], NaN for a query without a match.
    first_match: int64 [Q], rank of the first match, counted from 1; 0 for a query without.
    valid_queries: how many queries have a match; the others are skipped.
    average_precision: "standard" or "market_toolbox".
    """

    mean_ap: float
    cmc: np.ndarray
    mean_inp: float
    average_precisions: np.ndarray
    first_match: np.ndarray
    valid_queries: int
    average_precision: str

    @property
    def skipped_queries(self):
        """How many queries have no match."""
        return len(self.average_precisions) - self.valid_queries

    def rank(self, k):
        """Share of queries with a match among the first `k`; all of a smaller gallery."""
        return float(self.cmc[min(k, len(self.cmc)) - 1])


def evaluate_ranking(
    distance,
    query_pids,
    query_camids,
    gallery_pids,
    gallery_camids,
    *,
    average_precision=STANDARD,
    chunk=128,
):
    """Ranks the gallery for each query and scores the places of the matches.

    Gallery images of the query's person *and* camera don't count, nor does junk (pid -1);
    distractors (pid 0) are negatives for everybody. Equal distances keep the gallery's order.

    Args:
      distance: [Q, G], smaller is closer.
      query_pids, query_camids: [Q].
      gallery_pids, gallery_camids: [G].
      average_precision: of n matches at ranks r_1 < ... < r_n,
        "standard": sum_i (i / r_i) / n, the mean over queries with a match;
        "market_toolbox": trapezoids between the matches, the mean of i / r_i and
        (i - 1) / (r_i - 1), the latter 1 where r_i = 1; the mean over all queries, those without a
        match as 0, as the Market-1501 toolbox and the release of the metric attacks do. The other
        figures stay means over queries with a match.
      chunk: queries at a time; memory beside `distance` is about 40 bytes * chunk * G.

    Returns:
      RankingResult.

    Raises:
      ReIDError: shapes that do not fit, an empty side, NaN distances, no query with a match.
    """
    if average_precision not in AVERAGE_PRECISIONS:
        raise ReIDError(
            f"no average precision is called {average_precision!r}; "
            f"choose one of {', '.join(AVERAGE_PRECISIONS)}"
        )
    distance = np.asarray(distance)
    query = _labels("query", query_pids, query_camids)
    gallery = _labels("gallery", gallery_pids, gallery_camids)
    _check(distance, query, gallery)
    real = gallery.pids != JUNK
    gallery = gallery.at(real)
    scores = _Scores(len(query.pids), average_precision)
    for rows in blocks(len(distance), chunk):
        block = distance[rows] if real.all() else distance[rows][:, real]
        scores.add(rows, *_ranked(block, query.at(rows), gallery))
    return scores.result(len(real))


@dataclasses.dataclass(frozen=True)
class _Labels:
    pids: np.ndarray
    camids: np.ndarray

    def at(self, index):
        return _Labels(self.pids[index], self.camids[index])


def _ranked(distance, query, gallery):
    """Where the matches stand: three arrays over the matches, by query and then by rank.

    Returns:
      query [M], the row; rank [M], from 1, among what counts; ordinal [M], from 1, among matches.
    """
    if np.isnan(distance).any():
        row, column = np.argwhere(np.isnan(distance))[0]
        raise ReIDError(
            f"the distance of a query (pid {query.pids[row]}) to a gallery image (pid "
            f"{gallery.pids[column]}) is not a number; the embeddings are broken"
        )
    order = _stable_order(distance)
    same = gallery.pids[order] == query.pids[:, None]
    same &= ~np.isin(query.pids, (JUNK, DISTRACTOR))[:, None]
    hit = same & (gallery.camids[order] != query.camids[:, None])
    counts = hit | ~same  # same person and same camera: as if it were not there
    rows, columns = np.nonzero(hit)
    rank = np.cumsum(counts, axis=1, dtype=np.int32)[rows, columns]
    starts = np.searchsorted(rows, rows)  # rows ascend: the place of each query's first match
    return rows, rank.astype(np.int64), np.arange(len(rows)) - starts + 1


def _stable_order(distance):
    """`np.argsort(distance, axis=1, kind="stable")`, in half the time for float32.

    A float32's bits, those of a negative number but for the sign turned over, count like the number
    itself. With the column behind them, no two keys are equal, and any sort is stable.
    """
    if distance.dtype != np.float32:
        return np.argsort(distance, axis=1, kind="stable")
    bits = (distance + np.float32(0)).view(np.int32)  # + 0: there is a -0.0, equal to 0.0
    keys = (bits ^ ((bits >> 31) & 0x7FFFFFFF)).astype(np.int64) << 32
    keys |= np.arange(distance.shape[1])
    keys.sort(axis=1)
    return keys & 0xFFFFFFFF


class _Scores:
    """Collects the figures of each query."""

    def __init__(self, queries, average_precision):
        self.average_precision = average_precision
        self.average_precisions = np.full(queries, np.nan)
        self.inverse_penalties = np.full(queries, np.nan)
        self.first_match = np.zeros(queries, np.int64)

    def add(self, rows, query, rank, ordinal):
        precision = ordinal / rank
        if self.average_precision == MARKET_TOOLBOX:
            before = np.where(rank > 1, (ordinal - 1) / np.maximum(rank - 1, 1), 1.0)
            precision = (precision + before) / 2
        valid, first, matches = np.unique(query, return_index=True, return_counts=True)
        last = first + matches - 1
        sums = np.bincount(query, precision, rows.stop - rows.start)[valid]
        place = rows.start + valid
        self.average_precisions[place] = sums / matches
        self.inverse_penalties[place] = matches / rank[last]
        self.first_match[place] = rank[first]

    def result(self, gallery_size):
        valid = self.first_match > 0
        if not valid.any():
            raise ReIDError(
                f"none of the {len(valid)} queries has a gallery image of the same person from "
                "another camera, so there is nothing to measure; check pids and camids"
            )
        counted = np.nan_to_num(self.average_precisions)
        if self.average_precision == STANDARD:
            counted = counted[valid]
        at_rank = np.bincount(self.first_match[valid] - 1, minlength=gallery_size)
        return RankingResult(
            mean_ap=float(counted.mean()),
            cmc=np.cumsum(at_rank) / valid.sum(),
            mean_inp=float(self.inverse_penalties[valid].mean()),
            average_precisions=self.average_precisions,
            first_match=self.first_match,
            valid_queries=int(valid.sum()),
            average_precision=self.average_precision,
        )


def _labels(side, pids, camids):
    pids, camids = np.asarray(pids), np.asarray(camids)
    if pids.ndim != 1 or pids.shape != camids.shape:
        raise ReIDError(
            f"{side} pids and camids must be lists of the same length, "
            f"not of shapes {pids.shape} and {camids.shape}"
        )
    return _Labels(pids, camids)


def _check(distance, query, gallery):
    expected = (len(query.pids), len(gallery.pids))
    if distance.shape != expected:
        raise ReIDError(
            f"distance has shape {distance.shape}, but there are {expected[0]} queries and "
            f"{expected[1]} gallery images"
        )
    if not distance.size:
        empty = "gallery" if len(query.pids) else "query"
        raise ReIDError(f"there is no {empty} image; a ranking needs both query and gallery")
