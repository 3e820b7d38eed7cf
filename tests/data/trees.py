"""Small data sets in exactly the layout of the real downloads."""

import io

import numpy as np
from PIL import Image


def pixels(seed, height=16, width=8):
    """uint8 [height, width, 3], the same for the same seed."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def encoded(seed, kind="JPEG", **size):
    """Bytes of a small image."""
    buffer = io.BytesIO()
    Image.fromarray(pixels(seed, **size)).save(buffer, kind)
    return buffer.getvalue()


def write_images(folder, names, first_seed=0):
    """One small JPEG (or PNG, by suffix) a name, each of other content."""
    for offset, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = "PNG" if path.suffix == ".png" else "JPEG"
        path.write_bytes(encoded(first_seed + offset, kind))


MARKET_TRAIN = [
    "0002_c1s1_000451_03.jpg", "0002_c2s1_000301_01.jpg", "0002_c3s1_000776_01.jpg",
    "0007_c1s6_028546_01.jpg", "0007_c2s3_070952_01.jpg",
    "0010_c6s4_002427_02.jpg",
]  # fmt: skip
MARKET_QUERY = ["0001_c1s1_001051_00.jpg", "0003_c2s1_000151_00.jpg"]
MARKET_GALLERY = [
    "-1_c1s1_000401_03.jpg", "0000_c1s1_000151_01.jpg", "0000_c4s2_000151_02.jpg",
    "0001_c1s1_001101_01.jpg", "0001_c2s1_001976_01.jpg", "0003_c4s6_015641_01.jpg",
]  # fmt: skip


def market1501(root):
    """Three training people, two queries with a match each, two distractors, one junk."""
    write_images(root / "bounding_box_train", MARKET_TRAIN, 100)
    write_images(root / "query", MARKET_QUERY, 200)
    write_images(root / "bounding_box_test", MARKET_GALLERY, 300)
    for folder in ("bounding_box_train", "query", "bounding_box_test"):
        (root / folder / "Thumbs.db").write_bytes(b"as in the real download")
    return root
