"""What every attack of the table is: an objective, a start, and the one loop."""

import dataclasses
from typing import Any

import tensorflow as tf

from keras_reid.attacks import objectives, steps
from keras_reid.attacks.checks import (
    check_count,
    check_guides,
    check_images,
    check_perturbation,
    check_radius,
    check_steps,
    check_width,
)
from keras_reid.attacks.guides import Guides
from keras_reid.attacks.iterative import ascend, exact_gradient
from keras_reid.errors import ReIDError

DEFAULT_EPSILON = 5 / 255


@dataclasses.dataclass(frozen=True, kw_only=True)
class MetricAttack:
    """An L-infinity attack on an embedding, ready to be called.

    name: row of `ATTACKS`.
    guides: "given" by the caller, "own" clean embedding, its "opposite", or "classes" (one-hot).
    steps: int or [N].
    step_size: in [0, 1], float or [N]; None is one step of size epsilon.
    momentum: decay of the accumulated gradient; 1.0 is MI-FGSM.
    random_start: uniform in the ball, from each image's own key.
    metric: "l2" (squared) or "cosine".
    restarts: runs from other random starts, of which each image keeps its best.
    preset: "paper", or "reference" for what the released code does.
    gradient: an `Estimator`, which asks instead of differentiating; None is the exact gradient.
    """

    name: str
    guides: str = "given"
    steps: Any = 15
    step_size: Any = 1 / 255
    momentum: float = 0.0
    random_start: bool = False
    metric: str = "l2"
    restarts: int = 1
    preset: str = "paper"
    gradient: Any = None

    def __call__(
        self,
        embed,
        images,
        guides=None,
        *,
        epsilon=DEFAULT_EPSILON,
        seed=(0, 0),
        initial_perturbation=None,
    ):
        """Perturbs each image so that its embedding moves as the objective asks.

        Args:
          embed: callable, float32 [N, H, W, 3] in [0, 1] -> [N, D], in inference mode (logits for
            "xent").
          images: float32 [N, H, W, 3] in [0, 1].
          guides: `Guides` for the attacks that are told where to go; None for sma and odfa.
          epsilon: radius in [0, 1], float or [N].
          seed: int64 [N], one key per image, or a pair (a, b) that stands for (a, b + index).
          initial_perturbation: [N, H, W, 3], replaces the start (random or clean).

        Returns:
          float32 [N, H, W, 3], inside the ball and inside [0, 1].

        Raises:
          ReIDError: pixels that are not finite or not in [0, 1], negative epsilon or steps, guides
            missing, superfluous or of the wrong width.
        """
        return self.climbed(
            embed, images, guides, epsilon=epsilon, seed=seed,
            initial_perturbation=initial_perturbation,
        )[0]  # fmt: skip

    def climbed(
        self,
        embed,
        images,
        guides=None,
        *,
        epsilon=DEFAULT_EPSILON,
        seed=(0, 0),
        initial_perturbation=None,
    ):
        """The same, with what the gradient was like: (images, bool [N]).

        True: zero everywhere at the start of the first run, so that nothing climbed from there.
        """
        images = check_images(images)
        count = tf.shape(images)[0]
        for name, value in (("epsilon", epsilon), ("steps", self.steps)):
            check_count(name, value, count)
        epsilon = steps.per_image(check_radius("epsilon", epsilon), count)
        step_count = steps.per_image(check_steps(self.steps), count, tf.int32)
        stride = self.step_size
        stride = epsilon if stride is None else steps.per_image(stride, count)
        objective = self.objective(embed, images, guides)
        best, best_value, first_flat = None, None, None
        for restart in range(self.restarts):
            start = self._start(images, epsilon, seed, restart, initial_perturbation)
            found, flat = ascend(
                objective,
                images,
                start,
                epsilon=epsilon,
                steps=step_count,
                step_size=stride,
                decay=self.momentum,
                gradient=self._gradient(seed, restart, count),
            )
            first_flat = flat if first_flat is None else first_flat
            if self.restarts == 1:
                return found, first_flat
            value = objective(found)
            if best is None:
                best, best_value = found, value
            better = value > best_value
            best = tf.where(steps.as_column(better), found, best)
            best_value = tf.where(better, value, best_value)
        return best, first_flat

    def with_steps(self, steps):
        """The same attack with other `steps`, int or [N]; a one-step attack keeps its one step."""
        return self if self.step_size is None else dataclasses.replace(self, steps=steps)

    def objective(self, embed, images, guides=None):
        """The function images -> [N] that this attack climbs, with the guides of these images."""
        if self.guides in ("own", "opposite"):
            if guides is not None:
                raise ReIDError(f"{self.name} makes its own guides; call it with guides=None")
            guides = self._own_guides(embed, images)
        elif guides is None:
            raise ReIDError(f"{self.name} needs guides; give Guides(push=...) or Guides(pull=...)")
        else:
            guides = Guides(*(None if x is None else tf.cast(x, tf.float32) for x in guides))
            check_guides(guides)
        if self.guides == "classes":
            return lambda batch: objectives.cross_entropy(check_width(embed(batch), guides), guides)
        merged = objectives.merge(guides, self.metric)
        return lambda batch: objectives.push_pull(
            check_width(embed(batch), guides), merged, self.metric
        )

    def _gradient(self, seed, restart, count):
        if self.gradient is None:
            return exact_gradient
        keys = steps.image_keys(seed, count, restart)

        def estimate(objective, images, index):
            return self.gradient(objective, images, steps.later(keys, index, steps.STEP_STRIDE))

        return estimate

    def _own_guides(self, embed, images):
        clean = tf.stop_gradient(tf.cast(embed(images), tf.float32))[:, None, :]
        if self.guides == "own":
            return Guides(push=clean)
        # The released code has the sign wrong: it flees the opposite, which keeps the direction.
        return Guides(push=-clean) if self.preset == "reference" else Guides(pull=-clean)

    def _start(self, images, epsilon, seed, restart, initial_perturbation):
        radius = steps.as_column(epsilon)
        if initial_perturbation is not None:
            initial_perturbation = check_perturbation(initial_perturbation, images)
            return steps.project(images + initial_perturbation, images, radius)
        if not self.random_start:
            return images
        shape = tf.shape(images)
        keys = steps.image_keys(seed, shape[0], restart)
        noise = tf.reshape(steps.uniform_noise(keys, shape[1:]), shape)
        return steps.project(images + radius * noise, images, radius)
