"""What the generator minimises: fool the discriminator, fool the victim, and stay unseen."""

import dataclasses

import tensorflow as tf

from keras_reid.errors import ReIDError
from keras_reid.losses import (
    guarded_log,
    misclassification_loss,
    misranking_loss,
    misranking_of_distances,
    ms_ssim,
)
from keras_reid.misrank.gan_losses import GANS, SCORED

OTHERS = ("adversarial", "clean")
SCALINGS = ("mean_clean_norm", "none")
LOGARITHMS = ("none", "mean")


@dataclasses.dataclass(frozen=True, kw_only=True)
class MisrankObjective:
    """L_GAN + w * misclassification + zeta * mis-ranking + eta * (1 - MS-SSIM).

    Source: Wang et al. 2020, arXiv:2004.04199, eq. 6.
    """

    gan: str = "log"  # of `GANS`
    scored: str = "all"  # scales of the discriminator that are trained, of `SCORED`
    gan_weight: float = 1.0
    xent_weight: float = 1.0  # w
    rank_weight: float = 1.0  # zeta
    perception_weight: float = 1.0  # eta
    margin: float = 0.3
    squared: bool = True  # False: Euclidean distances
    include_self: bool = False  # the anchor is its own nearest match
    other: str = "adversarial"  # which images the attacked ones are ranked among, of `OTHERS`
    scaling: str = "mean_clean_norm"  # of embeddings; a victim's own distance: by its clean mean
    logarithm: str = "none"  # "mean": of the batch's mean mis-ranking and misclassification
    smoothing: float = 0.1  # of the misclassification's target

    def __post_init__(self):
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise ReIDError(f"{name} is {getattr(self, name)!r}; use one of {', '.join(known)}")
        for name in ("gan_weight", "xent_weight", "rank_weight", "perception_weight", "margin"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ReIDError(f"{name} is {getattr(self, name)}; it must not be negative")
        if not 0 <= self.smoothing < 1:
            raise ReIDError(f"smoothing is {self.smoothing}; it is a share in [0, 1)")

    def of_victim(self, clean, adversarial, pids, classes, distance=None):
        """{"misranking": scalar, "misclassification": scalar}: what the victim is made to say.

        Args:
          clean, adversarial: (embeddings [N, D], logits [N, K] or None) of the victim.
          pids: [N]; classes: [N] in [0, K).
          distance: of a `Victim`.
        """
        found = {}
        if self.rank_weight:
            ranked = self._ranked(clean[0], adversarial[0], pids, distance)
            found["misranking"] = self._averaged(ranked)
        if self.xent_weight:
            losses = misclassification_loss(
                adversarial[1], clean[1], classes, smoothing=self.smoothing
            )
            found["misclassification"] = self._averaged(losses)
        return found

    def similarity(self, images, adversarial):
        """Mean MS-SSIM of a batch, a scalar."""
        return tf.reduce_mean(ms_ssim(images, adversarial))

    def total(self, terms):
        """The scalar to minimise.

        Args:
          terms: {"gan", "ms_ssim", and what `of_victim` found}.
        """
        return (
            self.gan_weight * terms["gan"]
            + self.rank_weight * terms.get("misranking", 0.0)
            + self.xent_weight * terms.get("misclassification", 0.0)
            + self.perception_weight * (1.0 - terms["ms_ssim"])
        )

    def _ranked(self, clean, adversarial, pids, distance):
        if distance is not None:
            return self._ranked_by(distance, clean, adversarial, pids)
        if self.scaling == "mean_clean_norm":
            # One margin fits every victim, however long its embeddings are.
            length = tf.reduce_mean(tf.norm(clean, axis=1))
            clean, adversarial = clean / length, adversarial / length
        other = clean if self.other == "clean" else None
        return misranking_loss(
            adversarial, pids, margin=self.margin, squared=self.squared,
            include_self=self.include_self, other=other,
        )  # fmt: skip

    def _ranked_by(self, distance, clean, adversarial, pids):
        measured = distance(adversarial, clean if self.other == "clean" else adversarial)
        if self.scaling == "mean_clean_norm":
            # Not the embeddings: of scaled ones, such a distance may have another order.
            typical = _off_diagonal_mean(distance(clean, clean))
            measured = tf.math.divide_no_nan(measured, typical)
        return misranking_of_distances(
            measured, pids, margin=self.margin, include_self=self.include_self
        )

    def _averaged(self, losses):
        mean = tf.reduce_mean(losses)
        return guarded_log(mean) if self.logarithm == "mean" else mean


def _off_diagonal_mean(matrix):
    count = tf.cast(tf.shape(matrix)[0], tf.float32)
    return (tf.reduce_sum(matrix) - tf.linalg.trace(matrix)) / tf.maximum(count**2 - count, 1.0)


_CHOICES = {
    "gan": GANS, "scored": SCORED, "other": OTHERS, "scaling": SCALINGS, "logarithm": LOGARITHMS,
}  # fmt: skip

# What the released code minimises; its generator and mask differ, too (docs/decisions/0011).
RELEASED = {
    "gan": "least_squares",
    "scored": "smallest",
    "xent_weight": 10.0,
    "rank_weight": 10.0,
    "perception_weight": 0.1,
    "squared": False,
    "include_self": True,
    "scaling": "none",
    "logarithm": "mean",
}
