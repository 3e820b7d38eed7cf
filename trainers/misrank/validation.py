"""Held-out training people, found by the victim clean and under the generator's attack."""

import numpy as np

from keras_reid.evaluation.measure import multi_scale_similarity
from keras_reid.evaluation.misrank_runner import MisrankRunner
from keras_reid.misrank import MisrankAttack
from keras_reid.misrank.pictures import attack_pictures
from trainers.validation import Validation, figures

ATTACKED_AT_A_TIME = 32
SHOWN = 4


class MisrankValidation(Validation):
    """How far the victim's ranking falls when the query is attacked and the gallery is not.

    Args:
      model: MisrankModel, in training.
      victim: LoadedModel.
      records, cache: as of `Validation`.
      epsilon, num_pixels: of the attack.
    """

    def __init__(self, model, victim, records, cache, *, epsilon, num_pixels):
        super().__init__(victim, records, cache)
        self._runner = MisrankRunner(
            MisrankAttack(model), batch_size=min(ATTACKED_AT_A_TIME, len(self.query))
        )
        self._how = {"epsilon": epsilon, "num_pixels": num_pixels}
        # The victim never changes, and neither does what it says of clean images.
        self._embeddings = self.embeddings()
        self._clean = figures(self.ranking(self._embeddings[self.query], self._embeddings))
        self._seen = self.query_pixels()
        self._attacked = None

    def run(self):
        """{"map", "rank1"} under attack, "clean_map", "map_fall" (their difference), "ms_ssim"."""
        self._attacked = self._runner.run(self._seen, **self._how)
        attacked = self._attacked[0]
        found = figures(self.ranking(self.embed_pixels(attacked), self._embeddings))
        similarity = multi_scale_similarity(self._seen, attacked, ATTACKED_AT_A_TIME)
        return {
            **found,
            "clean_map": self._clean["map"],
            "map_fall": self._clean["map"] - found["map"],
            "ms_ssim": float(np.mean(similarity)),
        }

    def pictures(self):
        """The first queries of the last `run`: clean, change times ten, mask and adversarial."""
        attacked, mask = (each[:SHOWN] for each in self._attacked)
        return attack_pictures(self._seen[:SHOWN], attacked, mask)
