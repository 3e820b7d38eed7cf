"""Held-out training people, found clean and under attack."""

import types

import numpy as np

from keras_reid import compat
from keras_reid.data.images import pixel_batches
from keras_reid.data.records import pids_of
from keras_reid.evaluation.attack_runner import AttackRunner
from keras_reid.evaluation.guiding import GuideSource
from keras_reid.evaluation.trials import fitted_step
from trainers.embedder.validation import Validation

ATTACKED_AT_A_TIME = 32


class RobustValidation(Validation):
    """`Validation`, and once more with the query attacked.

    The queries guide each other. The radius is of the pixel space, whatever the training's.

    Args:
      model, records, cache: as of `Validation`.
      attack: row of the table of attacks; steps: int; epsilon: in [0, 1].
    """

    def __init__(self, model, records, cache, *, attack, steps, epsilon):
        super().__init__(model, records, cache)

        def embed(images):
            with compat.computing_in_float32(model):
                return model.embed(images)

        target = types.SimpleNamespace(embed=embed, logits=None, source="the model in training")
        self._runner = AttackRunner(
            attack, target, batch_size=min(ATTACKED_AT_A_TIME, len(self.query)), steps=steps
        )
        self._radius = {"epsilon": epsilon, "step_size": fitted_step(epsilon, steps)}
        self._query_records = [records[position] for position in self.query]
        self._guides = GuideSource()

    def run(self):
        """{"map", "rank1", "robust_map", "robust_rank1", "mean_map"}."""
        embeddings = self.embeddings()
        clean = self.figures(embeddings[self.query], embeddings)
        attacked = self._embed_all(self._attacked(embeddings[self.query]))
        robust = self.figures(attacked, embeddings)
        return {
            **clean,
            **{f"robust_{name}": value for name, value in robust.items()},
            "mean_map": (clean["map"] + robust["map"]) / 2,
        }

    def _attacked(self, embeddings):
        pids = pids_of(self._query_records)
        guides = None
        if self._runner.guided:
            guides = self._guides.guides(self._runner.name, embeddings, pids)
        seeds = np.arange(len(pids), dtype=np.int64)
        return self._runner.run(self._query_pixels(), guides, seeds=seeds, **self._radius)

    def _query_pixels(self):
        if self._pixels is not None:
            return self._pixels[self.query]
        batches = pixel_batches(self._query_records, self._size, ATTACKED_AT_A_TIME)
        return np.concatenate(list(batches))

    def _embed_all(self, pixels):
        size = self._embed.batch_size
        parts = [pixels[start : start + size] for start in range(0, len(pixels), size)]
        return np.concatenate([self._embed(part) for part in parts])
