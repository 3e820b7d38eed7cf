"""What picks the weights of a defended training: the area under the worst case over epsilon."""

import keras
import numpy as np
import pytest

from keras_reid.data import load_dataset
from tests.trainers.crowd import write_crowd
from trainers.goat.validation import RobustValidation


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    root = write_crowd(tmp_path_factory.mktemp("data") / "crowd")
    return load_dataset("market1501", root).train


def run(model, records, *attacks):
    validation = RobustValidation(model, records, True, attacks=attacks, steps=4, epsilon=5 / 255)
    return validation.run()


class Colours(keras.Model):
    """Embeds a person as the mean colours of two halves, each times `sight`."""

    input_size, distance = (32, 16), "euclidean"

    def __init__(self, sight):
        super().__init__()
        self.network = keras.Sequential(
            [
                keras.Input((*self.input_size, 3)),
                keras.layers.AveragePooling2D(16),
                keras.layers.Rescaling(sight),
                keras.layers.Flatten(),
            ]
        )

    def embed(self, images):
        return self.network(images, training=False)


@pytest.fixture(scope="module")
def model():
    return Colours(1.0)


def test_the_worst_attack_of_each_query_counts(model, records):
    sma, fna, both = (run(model, records, *names) for names in (["sma"], ["fna"], ["sma", "fna"]))
    assert both["map"] == sma["map"] == fna["map"]
    assert both["robust_map"] <= min(sma["robust_map"], fna["robust_map"]) < both["map"]
    assert both["robust_rank1"] <= min(sma["robust_rank1"], fna["robust_rank1"])
    assert both["score"] <= min(sma["score"], fna["score"])


def test_the_score_is_the_area_between_no_attack_and_twice_epsilon(model, records):
    found = run(model, records, "fna")
    other = {
        share: RobustValidation(
            model, records, False, attacks=("fna",), steps=4, epsilon=share * 5 / 255
        ).run()["robust_map"]
        for share in (0.5, 2.0)
    }
    heights = [found["map"], other[0.5], found["robust_map"], other[2.0]]
    area = np.trapezoid(heights, [0.0, 0.5, 1.0, 2.0]) if hasattr(np, "trapezoid") else np.trapz(
        heights, [0.0, 0.5, 1.0, 2.0]
    )  # fmt: skip
    assert found["score"] == pytest.approx(area / 2 / found["map"], abs=1e-6)
    assert found["score_map"] == pytest.approx(area / 2, abs=1e-6)


def test_a_model_that_finds_nobody_wins_by_score_and_not_by_score_map(model, records):
    blind = Colours(0.0)
    found, seeing = run(blind, records, "sma"), run(model, records, "sma")
    assert found["score"] == pytest.approx(1.0) and seeing["score"] < found["score"]
    assert found["score_map"] == pytest.approx(found["map"])
    assert found["map"] < seeing["map"]
