"""A victim on a data set: embedded once, then shown other people's adversarial queries."""

import numpy as np

from keras_reid.data.images import pixel_batches, resize
from keras_reid.data.records import check_evaluation_records, pids_of
from keras_reid.evaluation.bench import Bench
from keras_reid.evaluation.summary import figures
from keras_reid.evaluation.transfer.quality import QualityMeter


class Target:
    """A victim on a data set, ranked by the plan's distance.

    Args:
      victim: LoadedModel. dataset: Dataset. plan: TransferPlan.
      progress: (title, total) -> callable taking how many images are done.
    """

    def __init__(self, victim, dataset, plan, progress):
        check_evaluation_records(dataset.query, dataset.gallery)
        self.victim, self.dataset = victim, dataset
        self._bench = Bench(victim, dataset, plan, progress)

    @property
    def metric(self):
        return self._bench.metric

    @property
    def clean(self):
        return self._bench.clean

    @property
    def chance(self):
        """RankingResult of a random ranking."""
        return self.clean.chance()

    def embed(self, pixels):
        """Embeddings of uint8 pixels of any size, which are resized as files are."""
        if tuple(pixels.shape[1:3]) != tuple(self.victim.input_size):
            pixels = resize(pixels, self.victim.input_size).numpy()
        return self._bench.embedder("query")(pixels)

    def figures(self, query_embeddings=None):
        """Figures of the ranking, with other embeddings of the queries where some are given."""
        ranking, _ = self.clean.rank(query_embeddings)
        return figures(ranking)


def people(dataset):
    """Indices of the queries that show somebody: distractors and junk are never attacked."""
    return np.flatnonzero(pids_of(dataset.query) > 0)


def attacked(craft, targets, dataset, size, batch_size, *, on_batch=None):
    """Attacks every query once and shows the images to each target.

    Args:
      craft: (rows, clean pixels) -> Crafted.
      targets: Targets on `dataset`.
      size: (height, width) at which the images are made.
      on_batch: called with (rows, clean pixels, Crafted) after each batch.

    Returns:
      (figures of each target, what `QualityMeter` measured).
    """
    rows = people(dataset)
    after = [target.clean.query_embeddings.copy() for target in targets]
    meter, first = QualityMeter(), 0
    records = [dataset.query[row] for row in rows]
    for pixels in pixel_batches(records, size, batch_size):
        some = rows[first : first + len(pixels)]
        crafted = craft(some, pixels)
        for target, embeddings in zip(targets, after, strict=True):
            embeddings[some] = target.embed(crafted.pixels)
        meter.add(pixels, crafted.pixels)
        if on_batch:
            on_batch(some, pixels, crafted)
        first += len(pixels)
    return [t.figures(e) for t, e in zip(targets, after, strict=True)], meter.result()
