"""Random streams keyed by what they draw, so that no draw depends on how many others there are."""

import zlib

import numpy as np


def stream(seed, kind, *key):
    """A NumPy generator that depends on (seed, kind, key) alone.

    Args:
      seed: the data set's seed, an integer >= 0.
      kind: what is drawn, a word: streams of different kinds are independent.
      *key: words and integers >= 0 that say which one, for example pid, camera, index.
    """
    return np.random.default_rng(
        np.random.SeedSequence(seed, spawn_key=tuple(_number(part) for part in (kind, *key)))
    )


def _number(part):
    return zlib.crc32(part.encode()) if isinstance(part, str) else int(part)


def pick(rng, weights):
    """One key of a {choice: weight} table; the weights need not sum to 1."""
    choices = list(weights)
    total = np.cumsum([weights[choice] for choice in choices])
    return choices[int(np.searchsorted(total, rng.random() * total[-1], side="right"))]


def between(rng, limits):
    """A float, uniform in (low, high)."""
    low, high = limits
    return float(low + (high - low) * rng.random())
