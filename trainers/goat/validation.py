"""Held-out training people, found clean and under attack."""

import types

import numpy as np

from keras_reid import compat
from keras_reid.data.records import pids_of
from keras_reid.evaluation.attack_runner import AttackRunner
from keras_reid.evaluation.guiding import GuideSource
from keras_reid.evaluation.trials import fitted_step
from trainers.validation import Validation

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
        self._guides = GuideSource()

    def run(self):
        """{"map", "rank1", "robust_map", "robust_rank1", "mean_map"}."""
        embeddings = self.embeddings()
        clean = self.figures(embeddings[self.query], embeddings)
        attacked = self.embed_pixels(self._attacked(embeddings[self.query]))
        robust = self.figures(attacked, embeddings)
        return {
            **clean,
            **{f"robust_{name}": value for name, value in robust.items()},
            "mean_map": (clean["map"] + robust["map"]) / 2,
        }

    def _attacked(self, embeddings):
        pids = pids_of(self.query_records)
        guides = None
        if self._runner.guided:
            guides = self._guides.guides(self._runner.name, embeddings, pids)
        seeds = np.arange(len(pids), dtype=np.int64)
        return self._runner.run(self.query_pixels(), guides, seeds=seeds, **self._radius)
