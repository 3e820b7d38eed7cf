"""Gradients from answers alone: what an attacker can do who may only ask the model.

An estimator takes the place of the exact gradient in the one loop; objective, guides, start and
rounding stay those of the attack that it serves. Where such an attack is stronger than the one with
gradients, the model hides its gradient and is not robust.
"""

import dataclasses
from typing import ClassVar

import tensorflow as tf

from keras_reid.attacks import steps
from keras_reid.attacks.named import make_attack
from keras_reid.errors import ReIDError


def signs(keys, image_shape):
    """Plus or minus one, by coin toss."""
    return tf.where(steps.uniform_noise(keys, image_shape) < 0.0, -1.0, 1.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Estimator:
    """mean_k (J(x + c u_k) - J(x - c u_k)) / 2c * u_k, each image with its own u_k.

    kind: "spsa" (u of coin tosses, for which 1/u = u; Spall 1992, Uesato et al. 2018) or "nes" (u
      normal, in antithetic pairs; Ilyas et al. 2018).
    pairs: how many u per step; each costs two questions.
    radius: c, in [0, 1]. A few 1/255, so that what a model rounds away shows up all the same.
    """

    kind: str
    pairs: int = 16
    radius: float = 2 / 255
    directions: ClassVar[dict] = {"spsa": signs, "nes": steps.normal_noise}

    def __post_init__(self):
        if self.kind not in self.directions:
            raise ReIDError(
                f"estimator {self.kind!r} is unknown; use one of {', '.join(self.directions)}"
            )
        if self.pairs < 1 or not 0 < self.radius <= 1:
            raise ReIDError("an estimator needs at least one pair and a radius in (0, 1]")

    def __call__(self, objective, images, keys):
        """The estimate for every image.

        Args:
          objective: images [N, H, W, 3] -> [N]; asked with images in [0, 1] only.
          images: float32 [N, H, W, 3].
          keys: int64 [N, 2], one per image and step.

        Returns:
          float32 [N, H, W, 3].
        """
        shape = tf.shape(images)

        def ask(index, total):
            own = steps.later(keys, index, steps.QUESTION_STRIDE)
            direction = tf.reshape(self.directions[self.kind](own, shape[1:]), shape)
            ahead = objective(tf.clip_by_value(images + self.radius * direction, 0.0, 1.0))
            behind = objective(tf.clip_by_value(images - self.radius * direction, 0.0, 1.0))
            slope = (ahead - behind) / (2.0 * self.radius * self.pairs)
            return index + 1, total + steps.as_column(slope) * direction

        _, total = tf.while_loop(
            lambda index, _: index < self.pairs,
            ask,
            (tf.constant(0), tf.zeros_like(images)),
            parallel_iterations=1,
            shape_invariants=(tf.TensorShape([]), images.shape),
        )
        return total


BLACK_BOX = tuple(Estimator.directions)


def make_black_box(kind, *, climbs="sma", budget=1000, steps=20, **settings):
    """An attack of the table that asks instead of differentiating.

    Args:
      kind: "spsa" or "nes".
      climbs: the attack whose objective, guides and start are used.
      budget: questions per image, at most.
      steps: of the loop; the questions are shared out evenly.
      **settings: of `make_attack`.

    Returns:
      MetricAttack.
    """
    return make_attack(
        climbs, steps=steps, gradient=Estimator(kind=kind, pairs=pairs_for(budget, steps)),
        **settings,
    )  # fmt: skip


def pairs_for(budget, steps):
    """Pairs of questions per step, or a ReIDError where the budget is less than a pair a step."""
    if budget < 2 * steps:
        raise ReIDError(
            f"a budget of {budget} questions is less than two for each of {steps} steps; "
            f"allow at least {2 * steps}"
        )
    return budget // (2 * steps)
