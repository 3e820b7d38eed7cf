"""Images to compare answers on: of a folder, or drawn by lot."""

from pathlib import Path

import numpy as np

from keras_reid.data.images import read_pixels
from keras_reid.errors import ReIDError


def read_images(folder, count, size):
    """The first `count` images of a folder in the model's size; uint8 [N, H, W, 3]."""
    paths = sorted(
        path for path in Path(folder).glob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png")
    )
    if len(paths) < 2:
        raise ReIDError(f"{folder} holds fewer than two JPEG or PNG images; name another folder")
    return np.stack([np.asarray(read_pixels(str(path), size)) for path in paths[:count]])


def random_images(count, size):
    """uint8 [N, H, W, 3], always the same: smooth, so that a JPEG of it stays short."""
    rng = np.random.default_rng(0)
    rows, columns = (np.linspace(0, 2 * np.pi, side)[:, None] for side in size)
    waves = rng.uniform(0.5, 3, (count, 2, 1, 1, 3))
    phase = rng.uniform(0, 6, (count, 1, 1, 3))
    pattern = np.sin(waves[:, 0] * rows[:, None] + waves[:, 1] * columns[None, :] + phase)
    return np.rint(127.5 + 100 * pattern).astype(np.uint8)
