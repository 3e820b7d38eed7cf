"""A gradient-free attack in a dozen lines: averages of differences along random signs."""

import numpy as np
import tensorflow as tf

from keras_reid.evaluation.attack_runner import Attacked, AttackRunner

DRAWS, ROUNDS = 24, 6


class Spsa(AttackRunner):
    """Pushes each image from itself with queries alone (Uesato et al. 2018)."""

    def __init__(self, model):
        super().__init__("sma", model)
        self._embed = model.embed

    differentiates = False

    def attacked(self, pixels, guides=None, *, epsilon, **how):
        random = np.random.default_rng(0)
        clean = pixels.astype(np.float32) / 255
        own = self._features(clean)
        found = clean + epsilon * random.choice([-1.0, 1.0], clean.shape).astype(np.float32)
        for _ in range(ROUNDS):
            gradient = np.zeros_like(clean)
            for _ in range(DRAWS):
                # The same sign for a half of a person, as the model sees it.
                sign = random.choice([-1.0, 1.0], (len(clean), 2, 1, 3)).astype(np.float32)
                sign = np.repeat(sign, clean.shape[1] // 2, axis=1)
                ahead = self._away(found + epsilon * sign, own)
                behind = self._away(found - epsilon * sign, own)
                gradient += (ahead - behind)[:, None, None, None] * sign
            found = np.clip(found + epsilon * np.sign(gradient), clean - epsilon, clean + epsilon)
            found = np.clip(found, 0, 1)
        low, high = (pixels.astype(int) + side * round(255 * epsilon) for side in (-1, 1))
        rounded = np.clip(np.rint(found * 255), low, high).clip(0, 255).astype(np.uint8)
        return Attacked(rounded, None)

    def _features(self, images):
        return np.asarray(self._embed(tf.constant(images)))

    def _away(self, images, own):
        return np.square(self._features(images) - own).sum(axis=1)
