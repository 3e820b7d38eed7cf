"""The attack inside the training step, and the space that its epsilon is told in."""

import dataclasses

import tensorflow as tf

from keras_reid.attacks import ATTACKS, MetricAttack, make_attack
from keras_reid.attacks.identities import choose

# "pixel": [0, 1]. "normalised": (pixel - mean) / deviation of ImageNet, as released, where 5/255 is
# about 1.1/255 of a pixel.
PIXEL, NORMALISED = "pixel", "normalised"
EPS_SPACES = (PIXEL, NORMALISED)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)


@dataclasses.dataclass(frozen=True, kw_only=True)
class InnerAttack:
    """An attack with its radius.

    attack: MetricAttack; its step_size is told in the same space.
    epsilon: radius in `space`, float.
    space: one of `EPS_SPACES`.
    """

    attack: MetricAttack
    epsilon: float
    space: str = PIXEL

    def __post_init__(self):
        choose("eps_space", self.space, EPS_SPACES)

    @property
    def pixel_radius(self):
        """The largest change of a pixel, in [0, 1]."""
        widest = max(IMAGENET_DEVIATION)
        return self.epsilon if self.space == PIXEL else self.epsilon * widest

    def __call__(self, embed, images, guides, seed):
        """Adversarial images, float32 [N, H, W, 3] in [0, 1]; arguments as of `MetricAttack`."""
        if self.space == PIXEL:
            return self.attack(embed, images, guides, epsilon=self.epsilon, seed=seed)
        # Colours shrunk so that one radius fits all three: normalised, but for offset and scale.
        narrow = min(IMAGENET_DEVIATION)
        scale = tf.constant(IMAGENET_DEVIATION) / narrow
        attack = self.attack
        if attack.step_size is not None:
            attack = dataclasses.replace(attack, step_size=attack.step_size * narrow)
        found = attack(
            lambda shrunk: embed(shrunk * scale),
            images / scale,
            guides,
            epsilon=self.epsilon * narrow,
            seed=seed,
        )
        return tf.clip_by_value(found * scale, 0.0, 1.0)


def make_inner_attack(
    name, *, epsilon, steps=7, step_size=1 / 255, random_start=True, metric="l2", space=PIXEL
):
    """The inner attack `name` of the table of attacks.

    Args:
      name: row of `ATTACKS`; fgsm keeps its one step of size epsilon, odfa its angle.
      epsilon, step_size: in `space`; steps: int.
      random_start: whether the attack starts somewhere in the ball; sma and odfa need it.
      metric: "l2" or "cosine".
      space: one of `EPS_SPACES`.

    Source of the defaults: Bouniot et al. 2020, section 5.
    """
    row = ATTACKS.get(name, {})
    settings = {"random_start": random_start}
    if row.get("guides") != "classes":
        settings["metric"] = row.get("metric", metric)
    if "steps" not in row:
        settings |= {"steps": steps, "step_size": step_size}
    return InnerAttack(attack=make_attack(name, **settings), epsilon=epsilon, space=space)
