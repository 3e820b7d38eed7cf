"""Compares the answers of two servers: python compare.py HOST:PORT HOST:PORT MODEL

Embeds the same pixels on both and runs the first attack that needs no guides, where there is one.
Between a CPU and a GPU, embeddings should agree to about 1e-5 of their length with TF32 off; a sign
step may flip a pixel, so that adversarial pixels agree for at least 97 in 100.
"""

import sys

import numpy as np

from serving.client import ReIDClient

IMAGES = 4


def answers(server, model):
    """(embeddings, adversarial pixels or None) of pixels that are always the same."""
    with ReIDClient(server, model) as client:
        told = client.describe()
        size = (IMAGES, *told["input_size"], 3)
        pixels = np.random.default_rng(0).integers(0, 256, size, np.uint8)
        free = [name for name, about in told["attacks"].items() if about.get("guided") is False]
        attacked = client.attack(pixels, free[0], steps=3, seed=1) if free else None
        return client.embed(pixels), attacked


one, two, model = sys.argv[1:]
(first, attacked), (second, again) = answers(one, model), answers(two, model)
length = np.linalg.norm(first, axis=1).max()
print(f"embeddings differ by at most {np.abs(first - second).max() / length:.2g} of their length")
if attacked is not None:
    print(f"adversarial pixels that agree: {100 * np.mean(attacked == again):.2f} %")
