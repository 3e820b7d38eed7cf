"""What a step of GOAT costs beside the passes that it cannot do without.

    python -m benchmarks.goat_step

Peer: `attack steps + 1` plain training steps of the same model on the same batch, nothing else.
They alternate, so that a noisy machine hits both. Prints JSON; the bars of `ratio` (GOAT / peer)
are 0.85 for (0,0), whose attack passes need no gradient of the weights, and 1.05 for (4,1), which
also embeds five guides an image.
"""

import json
import statistics
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.race import race
from keras_reid.data.records import Record
from trainers.embedder.task import EmbedderTask
from trainers.goat import resolve
from trainers.goat.task import GoatTask
from trainers.replicas import make_strategy

SIZE, PEOPLE, IMAGES_EACH, ROUNDS = (128, 64), 8, 6, 7
BARS = {"(0,0)": 0.85, "(4,1)": 1.05}


def main():
    with tempfile.TemporaryDirectory() as folder:
        records = noise_records(Path(folder))
        tasks = {name: goat(records, name) for name in BARS}
        plain = EmbedderTask(resolve(**settings()), records, (), make_strategy("none"))
        contestants = {"peer": (plain, resolve(**settings()).attack_steps + 1)}
        contestants |= {name: (task, 1) for name, task in tasks.items()}
        seconds = race({name: steps_of(*each) for name, each in contestants.items()}, ROUNDS)
    ratios = {
        name: round(statistics.median(np.divide(seconds[name], seconds["peer"])), 3)
        for name in BARS
    }
    print(
        json.dumps(
            {
                "benchmark": "goat_step",
                "setting": f"small backbone, batch of {plain.batch_size} images of {SIZE}, "
                f"{resolve(**settings()).attack_steps} attack steps, CPU",
                "ratio": ratios,
                "bar": BARS,
                "seconds": {
                    name: round(statistics.median(times), 4) for name, times in seconds.items()
                },
            }
        )
    )


def settings():
    """A plain training of the small backbone; guides and defence come on top."""
    return {
        "preset": "small", "input_size": SIZE, "persons": PEOPLE, "images_each": 4,
        "held_out": 0.0, "cache_images": True,
    }  # fmt: skip


def goat(records, name):
    """The task of GOAT with the guides that "(n_push,n_pull)" says."""
    n_push, n_pull = (int(number) for number in name.strip("()").split(","))
    config = resolve(**settings(), n_push=n_push, n_pull=n_pull)
    task = GoatTask(config, records, (), make_strategy("none"))
    task.begin_epoch(0)
    return task


def steps_of(task, count):
    """A callable that does `count` training steps and waits for the last."""
    batch = next(iter(task.batches(0)))

    def run():
        for _ in range(count):
            values = task.train_step(*batch)
        return float(values["loss"])

    return run


def noise_records(folder, size=SIZE):
    """Records of `PEOPLE` people with `IMAGES_EACH` images of noise."""
    generator = np.random.default_rng(0)
    records = []
    for pid in range(1, PEOPLE + 1):
        for number in range(IMAGES_EACH):
            path = folder / f"{pid:04}_c1s1_{number:06}_00.png"
            Image.fromarray(generator.integers(0, 256, (*size, 3), np.uint8)).save(path)
            records.append(Record(str(path), pid, 1, "train"))
    return records


if __name__ == "__main__":
    main()
