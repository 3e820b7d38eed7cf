"""Who makes the images of a transfer evaluation: generators and noise, batch by batch."""

from typing import NamedTuple

import numpy as np

from keras_reid.evaluation.attack_runner import AttackRunner
from keras_reid.evaluation.misrank_runner import MisrankRunner


class Crafted(NamedTuple):
    """pixels: uint8 [n, H, W, 3]. mask: uint8 [n, H, W, 1], None of noise."""

    pixels: np.ndarray
    mask: np.ndarray | None


class Crafter:
    """Makes every image that is needed of one size; each generator is compiled once.

    Args:
      victim: any LoadedModel; noise does not look at it.
      plan: TransferPlan.
    """

    def __init__(self, victim, plan):
        self._victim, self._plan = victim, plan
        self._runners = {}

    def generator(self, generator, num_pixels):
        """(rows, clean pixels) -> Crafted, by a generator that changes `num_pixels` (0: all)."""
        key = generator.fingerprint
        if key not in self._runners:
            self._runners[key] = MisrankRunner(generator.attack, batch_size=self._plan.batch_size)
        runner = self._runners[key]

        def craft(rows, pixels):
            return Crafted(*runner.run(pixels, epsilon=self._plan.epsilon, num_pixels=num_pixels))

        return craft

    def noise(self, name, size):
        """(rows, clean pixels) -> Crafted, by noise on every pixel, a key for each row."""
        key = name, tuple(size)
        if key not in self._runners:
            self._runners[key] = AttackRunner(name, self._victim, batch_size=self._plan.batch_size)
        runner = self._runners[key]

        def craft(rows, pixels):
            seeds = np.int64(self._plan.seed) * 2**32 + np.asarray(rows, np.int64)
            return Crafted(runner.run(pixels, epsilon=self._plan.epsilon, seeds=seeds), None)

        return craft
