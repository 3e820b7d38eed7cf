"""A data set as the model under attack sees it before the attack."""

import dataclasses

import numpy as np

from keras_reid.evaluation.retrieval import chance_level, rank_records
from keras_reid.retrieval import pairwise_distance


@dataclasses.dataclass(frozen=True, kw_only=True)
class CleanSet:
    """Query and gallery of a data set, embedded once by the model under attack."""

    query: tuple
    gallery: tuple
    query_embeddings: np.ndarray
    gallery_embeddings: np.ndarray
    metric: str = "euclidean"
    average_precision: str = "standard"

    def rank(self, query_embeddings=None, gallery_embeddings=None):
        """(RankingResult, distance [Q, G]), with either side replaced by adversarial embeddings."""
        query = self.query_embeddings if query_embeddings is None else query_embeddings
        gallery = self.gallery_embeddings if gallery_embeddings is None else gallery_embeddings
        distance = pairwise_distance(query, gallery, metric=self.metric)
        return rank_records(distance, *self._ranked_how()), distance

    def chance(self, seed=0):
        """RankingResult of a random ranking: the level at which a model knows nothing."""
        return chance_level(*self._ranked_how(), seed=seed)

    def _ranked_how(self):
        return self.query, self.gallery, self.average_precision
