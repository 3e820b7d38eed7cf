"""Crops on disk with names of Market-1501's grammar, and what bulk runs made of them."""

import json

import numpy as np
from PIL import Image


def write_crops(folder, count, size, seed=0):
    """`count` PNG files, half of them in a folder below; person i // 3, camera i % 3 + 1."""
    images = np.random.default_rng(seed).integers(0, 256, (count, *size, 3), dtype=np.uint8)
    for index, pixels in enumerate(images):
        path = folder / f"cam{index % 2}" / f"{index // 3:04d}_c{index % 3 + 1}_{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return folder


def records_of(output):
    """{key: record} of a finished Parquet output; no key may come twice."""
    import pyarrow.dataset

    rows = pyarrow.dataset.dataset(output, format="parquet").to_table().to_pylist()
    found = {row["key"]: row for row in rows}
    assert len(found) == len(rows)
    return found


def letters_of(output):
    """{key: reason} of the dead letters."""
    lines = [
        json.loads(line)
        for path in sorted((output / "_dead_letters").iterdir())
        for line in path.read_text().splitlines()
    ]
    return {line["key"]: line["reason"] for line in lines}


def files_of(output):
    """{name: bytes} of the records' files."""
    return {path.name: path.read_bytes() for path in sorted(output.glob("embeddings-*"))}


def assert_close(embedding, expected):
    """As close as the contract wants it: 1e-5 of an embedding's length, where that is above one."""
    tolerance = 1e-5 * max(1.0, float(np.linalg.norm(expected)))
    np.testing.assert_allclose(embedding, expected, atol=tolerance, rtol=0)
