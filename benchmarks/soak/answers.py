"""The requests of the load, and which weights gave an answer.

The answers of both weights were written down before the server started.
"""

import numpy as np

from serving import contract

SIZE = (32, 16)
IMAGES = 12  # in the pool that requests draw from
ATTACKS = {  # attack: what it is sent
    "sma": contract.SELF_GUIDED,
    "fna": contract.GUIDED,
}
MAX_STEPS = 8  # of the attacks
TOLERANCE = 1e-4  # of embeddings
EQUAL_PIXELS = 0.97  # of an adversarial image, at least


def inputs_of(attack, given, rows):
    """{input: array} of the attack's signature for some rows of the pool."""
    return {name: given[name][rows] for name in ATTACKS[attack].inputs}


class Answers:
    """The pool of inputs (`given`) and the answers of both weights."""

    def __init__(self, path):
        with np.load(path, allow_pickle=True) as arrays:  # the bytes of files are objects
            self._arrays = {name: arrays[name] for name in arrays.files}
        self.given = {
            name.removeprefix("given/"): array
            for name, array in self._arrays.items()
            if name.startswith("given/")
        }
        self.weights = sorted({name.split("/")[0] for name in self._arrays} - {"given"})

    def embedded_by(self, kind, rows, embeddings):
        """Weights that embed those rows so; `kind` is "embed" or "files"."""
        return self._all(
            lambda weights: _close(embeddings, self._arrays[f"{weights}/{kind}"][rows])
        )

    def attacked_by(self, kind, rows, adversarial):
        """Weights that attack those rows so; none where an image left its ball."""
        images = self.given["images"][rows].astype(np.int16)
        if adversarial.shape != images.shape or adversarial.dtype != np.uint8:
            return []
        moved = np.abs(adversarial.astype(np.int16) - images).max(axis=(1, 2, 3))
        if (moved > np.round(self.given["epsilon"][rows] * 255)).any():
            return []
        return self._all(
            lambda weights: _same(adversarial, self._arrays[f"{weights}/{kind}"][rows])
        )

    def _all(self, fits):
        return [weights for weights in self.weights if fits(weights)]


def _close(embeddings, wanted):
    return embeddings.shape == wanted.shape and np.abs(embeddings - wanted).max() <= TOLERANCE


def _same(adversarial, wanted):
    """Each image for itself: one wrong image must not hide among right ones."""
    return (adversarial == wanted).mean(axis=(1, 2, 3)).min() >= EQUAL_PIXELS
