"""From embeddings to ranks: distances, ranking metrics, re-ranking. NumPy and SciPy only."""

from keras_reid.retrieval.distances import (
    METRICS,
    chosen_metric,
    normalised,
    pairwise_distance,
)
from keras_reid.retrieval.ranking import AVERAGE_PRECISIONS, RankingResult, evaluate_ranking
from keras_reid.retrieval.reranking import k_reciprocal_rerank

__all__ = [
    "AVERAGE_PRECISIONS",
    "METRICS",
    "RankingResult",
    "chosen_metric",
    "evaluate_ranking",
    "k_reciprocal_rerank",
    "normalised",
    "pairwise_distance",
]
