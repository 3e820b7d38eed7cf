"""Held-out training people, found clean and under attack."""

import types

import numpy as np

from keras_reid import compat
from keras_reid.data.records import pids_of
from keras_reid.evaluation.attack_runner import AttackRunner
from keras_reid.evaluation.guiding import GuideSource
from keras_reid.evaluation.trials import fitted_step
from keras_reid.evaluation.worst_case import robustness_score, worst_hit, worst_precision
from trainers.validation import Validation, figures

ATTACKED_AT_A_TIME = 32
SHARES = (0.5, 1.0, 2.0)  # of the training's epsilon: the curve whose area is the score


class RobustValidation(Validation):
    """`Validation`, and the worst of some attacks for each query, at three epsilons.

    The queries guide each other. The radii are of the pixel space, whatever the training's.

    Args:
      model, records, cache: as of `Validation`.
      attacks: rows of the table of attacks; steps: int; epsilon: the training's, in [0, 1].
    """

    def __init__(self, model, records, cache, *, attacks, steps, epsilon):
        super().__init__(model, records, cache)

        def embed(images):
            with compat.computing_in_float32(model):
                return model.embed(images)

        target = types.SimpleNamespace(embed=embed, logits=None, source="the model in training")
        size = min(ATTACKED_AT_A_TIME, len(self.query))
        self._runners = [
            AttackRunner(name, target, batch_size=size, steps=steps) for name in attacks
        ]
        self._steps = steps
        self._epsilon = epsilon
        self._guides = GuideSource()

    def run(self):
        """{"map", "rank1", "robust_map", "robust_rank1", "mean_map", "score", "score_map"}.

        robust_map, robust_rank1: under the worst attack for each query at the training's epsilon.
        mean_map: the mean of map and robust_map. score: `robustness_score`. score_map: score x map,
        the area under the worst case over epsilon; a model that finds nobody has a score of 1,
        because no attack takes anything from it, and a score_map of chance.
        """
        embeddings = self.embeddings()
        clean = figures(self.ranking(embeddings[self.query], embeddings))
        worst = {share: self._worst(share * self._epsilon, embeddings) for share in SHARES}
        curve = [worst[share]["map"] for share in SHARES]
        score = robustness_score(SHARES, curve, clean["map"]) or 0.0
        return {
            **clean,
            "robust_map": worst[1.0]["map"],
            "robust_rank1": worst[1.0]["rank1"],
            "mean_map": (clean["map"] + worst[1.0]["map"]) / 2,
            "score": score,
            "score_map": score * clean["map"],
        }

    def _worst(self, epsilon, embeddings):
        """{"map", "rank1"} under the worst attack for each query."""
        rows = []
        for runner in self._runners:
            attacked = self.embed_pixels(self._attacked(runner, epsilon, embeddings[self.query]))
            ranking = self.ranking(attacked, embeddings)
            rows.append(
                types.SimpleNamespace(
                    average_precision=ranking.average_precisions, first_hit=ranking.first_match
                )
            )
        return {
            "map": float(np.mean(worst_precision(rows))),
            "rank1": float(np.mean(worst_hit(rows) == 1)),
        }

    def _attacked(self, runner, epsilon, embeddings):
        pids = pids_of(self.query_records)
        guides = self._guides.guides(runner.name, embeddings, pids) if runner.guided else None
        return runner.run(
            self.query_pixels(),
            guides,
            epsilon=epsilon,
            step_size=fitted_step(epsilon, self._steps),
            seeds=np.arange(len(pids), dtype=np.int64),
        )
