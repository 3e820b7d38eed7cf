"""A tiny data set to train on: people are colours, cameras are tints."""

import numpy as np
from PIL import Image


def write_crowd(root, people=8, cameras=2, each=3, size=(32, 16)):
    """`people` to train on and four more to find, in Market-1501's layout; returns `root`."""
    generator = np.random.default_rng(0)
    for folder, first, count in (
        ("bounding_box_train", 1, people),
        ("query", 101, 4),
        ("bounding_box_test", 101, 4),
    ):
        (root / folder).mkdir(parents=True)
        for pid in range(first, first + count):
            colours = np.random.default_rng(pid).integers(30, 200, (2, 3))
            for camid in range(1, cameras + 1):
                for number in range(each if folder != "query" else 1):
                    pixels = np.empty((*size, 3))
                    pixels[: size[0] // 2], pixels[size[0] // 2 :] = colours
                    pixels += 15 * camid + generator.normal(0, 12, pixels.shape)
                    name = (
                        f"{pid:04}_c{camid}s1_{number:06}_{'q' if folder == 'query' else '0'}.png"
                    )
                    path = root / folder / name.replace("q.png", "1.png")
                    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
    return root


def tiny(data, **changes):
    """Settings of a run of seconds: eight people, four of them a batch of two images each."""
    return {
        "preset": "small", "data": str(data), "input_size": (32, 16), "persons": 3,
        "images_each": 2, "epochs": 2, "held_out": 0.25, "pad": 2, "warmup_epochs": 1, **changes,
    }  # fmt: skip
