"""Two generators, two victims of different sizes and two data sets, all of them tiny."""

import dataclasses

import tensorflow as tf

from keras_reid.data import load_dataset
from keras_reid.evaluation.generator import load_generator
from tests.evaluation.people import colour_model, write_people
from tests.misrank.models import SIZE, write_generator

LARGER = (32, 16)


def make_victim(size, fingerprint, source):
    """The colour model behind a resize."""
    narrow = colour_model()

    def embed(images):
        return narrow.embed(tf.image.resize(images, narrow.input_size, antialias=True))

    return dataclasses.replace(
        narrow, embed=embed, logits=None, input_size=size, fingerprint=fingerprint, source=source,
        kind="keras",
    )  # fmt: skip


def make_sets(folder):
    """The people, and the same people without one query: other data."""
    (folder / "a").mkdir()
    (folder / "b").mkdir()
    first = write_people(folder / "a")
    write_people(folder / "b")
    next((folder / "b" / "query").iterdir()).unlink()
    return [first, load_dataset("market1501", str(folder / "b"))]


def make_everybody(folder):
    """(generators, victims, datasets); the first generator is the first victim's, on a."""
    datasets = make_sets(folder)
    victims = [
        make_victim(SIZE, "c" * 16, "runs/narrow"),
        make_victim(LARGER, "d" * 16, "runs/large"),
    ]
    (folder / "g").mkdir()
    (folder / "h").mkdir()
    write_generator(folder / "g", SIZE, victim="c" * 16, data=datasets[0].fingerprint())
    write_generator(folder / "h", LARGER, seed=4)
    generators = [load_generator(folder / "g"), load_generator(folder / "h", 0.5)]
    return generators, victims, datasets
