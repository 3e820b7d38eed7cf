"""Points 3 and 6: small experiments on the model itself, on a sample of the attacked images."""

import numpy as np

from keras_reid.evaluation.attack_runner import AttackRunner
from keras_reid.evaluation.checks.check import FAIL, PASS, Finding
from keras_reid.evaluation.embed import Embedder

# Change of an embedding as a share of the sample's spread (its mean distance from the sample's
# mean). The same computation twice differs by the order of sums at most ...
SAME_TWICE = 1e-4
# ... another batch size takes other kernels, which round differently (float16 ones up to this) ...
SAME_BATCH = 1e-2
# ... and what a random model does by itself is not blamed on the batch, nor on the attack.
OWN_NOISE = 5.0
PROBED = 8
PROBE_STEPS = 2


def same_batch_twice(evidence):
    """The same batch gives the same features: no dropout, no noise, no state that moves."""
    probe = _Probe(evidence)
    change = probe.noise
    if change > SAME_TWICE:
        return Finding(
            FAIL,
            f"{change:.1e}",
            f"The same batch gave features that differ by {change:.1e} of their spread: something "
            "in the model is random or moves (dropout, noise, statistics). Attacks and figures are "
            "of no value before it runs in inference mode.",
        )
    return Finding(PASS, f"{change:.1e}", "The same batch gives the same features.")


def batch_independent(evidence):
    """An image's features are the same alone, in its batch, and among other images."""
    probe = _Probe(evidence)
    if len(probe.pixels) < 2:
        return Finding(FAIL, "1 image", "The sample needs two images; attack a larger side.")
    alone = np.concatenate([probe.embed(image[None]) for image in probe.pixels])
    strangers = 255 - probe.pixels  # nothing like the sample's own statistics
    among = np.concatenate(
        [probe.embed(np.concatenate([image[None], strangers]))[:1] for image in probe.pixels]
    )
    change = max(probe.change(alone), probe.change(among))
    if change > SAME_BATCH + OWN_NOISE * probe.noise:
        return Finding(
            FAIL,
            f"{change:.1e}",
            f"Alone or among other images, an image's features differ by {change:.1e} of their "
            "spread: batch statistics are in use. Run BatchNorm in inference mode.",
        )
    return Finding(PASS, f"{change:.1e}", "Features do not depend on the rest of the batch.")


def zero_perturbation(evidence):
    """An attack of epsilon 0 gives the same pixels and the same features."""
    probe = _Probe(evidence)
    runner = AttackRunner("sma", evidence.model, batch_size=len(probe.pixels), steps=PROBE_STEPS)
    seeds = np.arange(len(probe.pixels), dtype=np.int64)
    found = runner.run(probe.pixels, epsilon=0.0, seeds=seeds)
    differing = int(np.count_nonzero(found != probe.pixels))
    change = probe.change(probe.embed(found))
    if differing or change > SAME_TWICE + OWN_NOISE * probe.noise:
        return Finding(
            FAIL,
            f"{differing} values",
            f"An attack of epsilon 0 changed {differing} pixel values and the features by "
            f"{change:.1e} of their spread: the way through the attack itself changes images.",
        )
    return Finding(PASS, "0 values", "An attack of epsilon 0 changes neither pixels nor features.")


class _Probe:
    """A few images of the sample and their features, computed twice."""

    def __init__(self, evidence):
        self.pixels = evidence.pixels[:PROBED]
        self._model = evidence.model
        self._graphs = {}
        self.features = self.embed(self.pixels)
        self.spread = np.linalg.norm(self.features - self.features.mean(axis=0), axis=1).mean()
        self.noise = max(self.change(self.embed(self.pixels)) for _ in range(3))

    def embed(self, pixels):
        """Features of a batch of just these images: nothing is filled up."""
        size = len(pixels)
        if size not in self._graphs:
            self._graphs[size] = Embedder(self._model.embed, self._model.input_size, size)
        return self._graphs[size](pixels)

    def change(self, features):
        """Largest distance of an image's features from those of its batch, per spread."""
        moved = np.linalg.norm(features - self.features, axis=1).max()
        return float(moved / max(self.spread, 1e-12))
