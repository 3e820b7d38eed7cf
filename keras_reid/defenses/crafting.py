"""Adversarial training images: guides, attack and passes put together."""

import dataclasses

import tensorflow as tf

from keras_reid.defenses.guiding import Guiding
from keras_reid.defenses.inner_attack import InnerAttack
from keras_reid.defenses.passes import INFERENCE, attack_passes


@dataclasses.dataclass(frozen=True, kw_only=True)
class Crafting:
    """Makes the adversarial batch, as part of the training step's graph or once for all.

    guiding: Guiding.
    attack: InnerAttack.
    batch_norm: of the attack's passes, one of `BATCH_NORMS`.
    """

    guiding: Guiding
    attack: InnerAttack
    batch_norm: str = INFERENCE

    def __call__(self, model, views, labels, keys, prototypes=None):
        """Attacks `views[:, 0]`.

        Args:
          model: ReIDModel.
          views: float32 [N, V, H, W, 3] in [0, 1], each image before its guides (`GuideBatches`).
          labels: int [N, V].
          keys: int64 [N], of the random starts.
          prototypes: float32 [K, D] of the memory bank, where `guiding.needs_bank`.

        Returns:
          float32 [N, H, W, 3] in [0, 1], without a gradient.
        """
        classes = self.attack.attack.guides == "classes"
        output = "logits" if classes else "embedding"
        with attack_passes(model, self.batch_norm, output) as embed:
            guides = self.guiding(embed, views, labels, prototypes)
            adversarial = self.attack(embed, views[:, 0], guides, keys)
        return tf.stop_gradient(adversarial)
