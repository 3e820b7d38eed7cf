"""Validation on training identities that the model never trains on; never on the test split."""

import numpy as np

from keras_reid.data.held_out import one_of_each
from keras_reid.data.images import pixel_batches
from keras_reid.data.pipeline import load_pixels
from keras_reid.data.records import camids_of, pids_of
from keras_reid.evaluation.embed import Embedder
from keras_reid.retrieval import evaluate_ranking, pairwise_distance

BATCH_SIZE = 64


class Validation:
    """Mean average precision and rank-1 among held-out people.

    The query is one image of each person and camera; the gallery is every held-out image (the
    protocol drops those of the query's own camera, itself among them).

    Args:
      model: ReIDModel, or a LoadedModel.
      records: the held-out records.
      cache: keep the decoded images in memory.
    """

    def __init__(self, model, records, cache):
        self._records = records
        self._size = tuple(model.input_size)
        self._distance = model.distance
        self._embed = Embedder(model.embed, self._size, BATCH_SIZE)  # one graph for all epochs
        self._pixels = load_pixels(records, self._size) if cache else None
        self.query = one_of_each(records)
        self.query_records = [records[position] for position in self.query]

    def run(self):
        """{"map", "rank1"}."""
        embeddings = self.embeddings()
        return figures(self.ranking(embeddings[self.query], embeddings))

    def embeddings(self):
        """[n, D] of every held-out image, by the model as it is now."""
        return np.concatenate([self._embed(pixels) for pixels in self._batches()])

    def ranking(self, query_embeddings, embeddings):
        """RankingResult of all images for the query images, embedded as given."""
        pids, camids = pids_of(self._records), camids_of(self._records)
        return evaluate_ranking(
            pairwise_distance(query_embeddings, embeddings, metric=self._distance),
            pids[self.query], camids[self.query], pids, camids,
        )  # fmt: skip

    def query_pixels(self):
        """uint8 [queries, H, W, 3]."""
        if self._pixels is not None:
            return self._pixels[self.query]
        return load_pixels(self.query_records, self._size)

    def embed_pixels(self, pixels):
        """[n, D] of uint8 pixels [n, H, W, 3]."""
        size = self._embed.batch_size
        parts = [pixels[start : start + size] for start in range(0, len(pixels), size)]
        return np.concatenate([self._embed(part) for part in parts])

    def _batches(self):
        if self._pixels is None:
            return pixel_batches(self._records, self._size, BATCH_SIZE)
        starts = range(0, len(self._pixels), BATCH_SIZE)
        return (self._pixels[start : start + BATCH_SIZE] for start in starts)


def figures(ranking):
    """{"map", "rank1"} of a RankingResult."""
    return {"map": float(ranking.mean_ap), "rank1": float(ranking.cmc[0])}
