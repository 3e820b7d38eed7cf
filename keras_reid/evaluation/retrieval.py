"""How well a model finds people: embed query and gallery, compare, rank."""

import dataclasses

import numpy as np

from keras_reid.data.records import camids_of, check_evaluation_records, pids_of
from keras_reid.errors import ReIDError
from keras_reid.evaluation.embed import embed_records
from keras_reid.retrieval import (
    AVERAGE_PRECISIONS,
    RankingResult,
    evaluate_ranking,
    k_reciprocal_rerank,
    normalised,
    pairwise_distance,
)
from keras_reid.retrieval.distances import COSINE, EUCLIDEAN, METRICS, check_metric
from keras_reid.retrieval.ranking import STANDARD


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Retrieval:
    """A ranking and what it came from."""

    ranking: RankingResult
    distance: np.ndarray  # [Q, G], after re-ranking if that was asked for
    query_embeddings: np.ndarray
    gallery_embeddings: np.ndarray


def evaluate_retrieval(
    embed,
    query,
    gallery,
    input_size,
    *,
    metric=EUCLIDEAN,
    average_precision=STANDARD,
    rerank=False,
    batch_size=64,
    progress=None,
):
    """Measures a model on records.

    Args:
      embed: float32 [N, H, W, 3] in [0, 1] -> [N, D].
      query, gallery: Records; may be the same, since an image does not count as its own match.
      input_size: (height, width).
      metric: "euclidean" or "cosine".
      average_precision: "standard" or "market_toolbox", see `evaluate_ranking`.
      rerank: re-rank with k-reciprocal neighbours before scoring.
      batch_size: images embedded at a time.
      progress: called with (done, total) images.

    Returns:
      Retrieval.
    """
    check_comparison(metric, rerank)
    if average_precision not in AVERAGE_PRECISIONS:
        raise ReIDError(f"no average precision is called {average_precision!r}")
    check_evaluation_records(query, gallery)  # before an hour of embedding, not after
    images = [*query] if query is gallery else [*query, *gallery]
    embeddings = embed_records(embed, images, input_size, batch_size=batch_size, progress=progress)
    query_embeddings, gallery_embeddings = embeddings[: len(query)], embeddings[-len(gallery) :]
    distance = compare(query_embeddings, gallery_embeddings, metric=metric, rerank=rerank)
    return Retrieval(
        ranking=rank_records(distance, query, gallery, average_precision),
        distance=distance,
        query_embeddings=query_embeddings,
        gallery_embeddings=gallery_embeddings,
    )


def rank_records(distance, query, gallery, average_precision=STANDARD):
    """RankingResult of distances [Q, G] between records."""
    return evaluate_ranking(
        distance,
        pids_of(query),
        camids_of(query),
        pids_of(gallery),
        camids_of(gallery),
        average_precision=average_precision,
    )


def chance_level(query, gallery, average_precision=STANDARD, seed=0):
    """RankingResult of a random ranking: where a model stands that knows nothing."""
    distance = np.random.default_rng(seed).random((len(query), len(gallery)), np.float32)
    return rank_records(distance, query, gallery, average_precision)


def check_comparison(metric, rerank):
    """Refuses what `compare` cannot do, before an hour of embedding."""
    check_metric(metric)
    if rerank and metric not in METRICS:
        raise ReIDError(
            f"re-ranking compares by {' or '.join(METRICS)}, not by {metric}; name one of them"
        )


def compare(query_embeddings, gallery_embeddings, *, metric=EUCLIDEAN, rerank=False):
    """Distances [Q, G], re-ranked if wanted (between unit vectors if the metric is cosine)."""
    check_comparison(metric, rerank)
    if not rerank:
        return pairwise_distance(query_embeddings, gallery_embeddings, metric=metric)
    if metric == COSINE:
        query_embeddings, gallery_embeddings = map(
            normalised, (query_embeddings, gallery_embeddings)
        )
    return k_reciprocal_rerank(query_embeddings, gallery_embeddings)
