"""Every exported attack: equal to the local one, ceilings, and rows that never touch each other."""

import numpy as np
import pytest
import tensorflow as tf

from export.parity import check_export, description
from export.parity_attacks import attack_locally, attack_request
from keras_reid.attacks import ATTACKS
from keras_reid.data.images import to_images
from tests.export.conftest import LIMITS
from tests.export.models import pixels

COUNT = 6
EPSILON = np.float32(5 / 255)


@pytest.fixture(scope="module")
def request_of(model, served):
    """name -> inputs of its signature for six images."""
    facts = description(served)["attacks"]
    embeddings = np.asarray(model.embed(to_images(pixels(COUNT))))

    def make(name, epsilon=EPSILON, steps=6):
        return attack_request(pixels(COUNT), embeddings, facts[name], epsilon, steps, seed=11)

    return make


def test_the_export_answers_like_its_model(model, exported):
    rows = check_export(model, exported[0], pixels(COUNT), epsilon=5 / 255, steps=6)
    assert len(rows) == 1 + 2 * len(ATTACKS)
    assert all(row.holds for row in rows), [row for row in rows if not row.holds]


def test_python_can_still_differentiate_the_export(exported):
    loaded = tf.saved_model.load(str(exported[0]))
    images = tf.constant(to_images(pixels(2)))
    with tf.GradientTape() as tape:
        tape.watch(images)
        embeddings = loaded.embed_images(images)
    assert np.any(tape.gradient(embeddings, images).numpy())


@pytest.mark.parametrize("name", ATTACKS)
class TestEveryAttackSignature:
    def run(self, served, name, request):
        return served.run(f"attack_{name}", request)

    def test_reports_what_it_measured_on_the_uint8_output(self, model, served, request_of, name):
        request = request_of(name)
        answer = self.run(served, name, request)
        change = np.abs(answer["adversarial"].astype(int) - request["images"])
        assert change.max() == 5
        np.testing.assert_allclose(answer["linf"], change.max(axis=(1, 2, 3)) / 255.0, rtol=1e-5)
        after, before = (
            np.asarray(model.embed(to_images(p)))
            for p in (answer["adversarial"], request["images"])
        )
        moved = np.linalg.norm(after - before, axis=1)
        np.testing.assert_allclose(answer["displacement"], moved, rtol=1e-3, atol=1e-5)
        assert np.all(answer["valid"] == 1)
        assert answer["adversarial"].dtype == np.uint8

    def test_equals_the_local_attack(self, model, served, request_of, name):
        request = request_of(name)
        facts = description(served)["attacks"][name]
        local = attack_locally(model, name, facts, request)
        answer = self.run(served, name, request)["adversarial"]
        assert np.mean(local == answer) >= 0.97

    def test_clamps_to_the_ceilings_and_says_so(self, served, request_of, name):
        request = request_of(name)
        request["epsilon"] = np.float32([-1.0, 0.5, 5 / 255, 0.0, 1.0, 2 / 255])
        request["steps"] = np.int32([-3, 99, 4, 4, 0, 4])
        answer = self.run(served, name, request)
        expected = np.clip(request["epsilon"], 0, LIMITS.epsilon)
        np.testing.assert_allclose(answer["epsilon_used"], expected, rtol=1e-6)
        steps = np.ones(6) if name == "fgsm" else [0, 10, 4, 4, 0, 4]
        np.testing.assert_array_equal(answer["steps_used"], steps)
        change = np.abs(answer["adversarial"].astype(int) - request["images"]).max(axis=(1, 2, 3))
        assert np.all(change <= np.round(expected * 255)) and np.all(answer["valid"] == 1)
        assert change[0] == 0 and change[3] == 0

    def test_a_row_that_is_not_finite_comes_back_unchanged_and_alone(
        self, served, request_of, name
    ):
        request = request_of(name)
        untouched = self.run(served, name, request)
        request["epsilon"] = request["epsilon"].copy()
        request["epsilon"][1], request["epsilon"][4] = np.nan, np.inf
        bad = [1, 4]
        if "push" in request:
            request["push"], request["pull_weight"] = (
                request["push"].copy(),
                request["pull_weight"].copy(),
            )
            request["push"][2, 0, 0], request["pull_weight"][3, 1] = -np.inf, np.nan
            bad = [1, 2, 3, 4]
        answer = self.run(served, name, request)
        good = [row for row in range(COUNT) if row not in bad]
        np.testing.assert_array_equal(answer["valid"][bad], 0)
        np.testing.assert_array_equal(answer["adversarial"][bad], request["images"][bad])
        np.testing.assert_array_equal(answer["valid"][good], 1)
        same = answer["adversarial"][good] == untouched["adversarial"][good]
        assert np.mean(same) >= 0.97

    def test_merged_rows_equal_rows_alone(self, served, request_of, name):
        request = request_of(name)
        request["epsilon"] = np.float32([1, 2, 3, 5, 8, 4]) / 255
        request["steps"] = np.int32([1, 2, 6, 10, 3, 0])
        merged = self.run(served, name, request)
        for row in (0, 3):
            alone = self.run(served, name, {k: v[row : row + 1] for k, v in request.items()})
            assert np.mean(alone["adversarial"] == merged["adversarial"][row : row + 1]) >= 0.97
            apart = abs(alone["displacement"][0] - merged["displacement"][row])
            assert apart <= 0.02 * max(alone["displacement"][0], 1e-6)

    def test_same_request_same_answer(self, served, request_of, name):
        request = request_of(name)
        first, second = (self.run(served, name, request) for _ in range(2))
        for key in first:
            np.testing.assert_array_equal(first[key], second[key])
