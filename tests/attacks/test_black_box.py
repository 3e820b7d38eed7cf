"""Gradients from answers: against NumPy on a quadratic, noise and a hidden gradient."""

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.attacks import BLACK_BOX, NOISES, Estimator, make_attack, make_black_box, steps
from keras_reid.errors import ReIDError
from tests.attacks.embedders import EPSILON, IMAGES, embed

ROWS = IMAGES[:3]
KEYS = np.stack([np.zeros(3, np.int64), np.arange(40, 43)], axis=1)
TARGET = np.random.default_rng(5).random(ROWS.shape[1:]).astype(np.float32)


def quadratic(images):
    return -tf.reduce_sum(tf.square(images - TARGET), axis=[1, 2, 3])


@pytest.fixture
def middle():
    """Images whose questions all lie inside [0, 1]."""
    return tf.constant(0.25 + 0.5 * ROWS)


@pytest.mark.parametrize("kind", BLACK_BOX)
class TestBothKinds:
    def test_equals_a_numpy_loop_over_the_same_directions(self, kind, middle):
        estimator = Estimator(kind=kind, pairs=3, radius=0.01)
        found = estimator(quadratic, middle, tf.constant(KEYS)).numpy()
        images, expected = middle.numpy().astype(np.float64), 0.0
        for pair in range(3):
            keys = steps.later(tf.constant(KEYS), tf.constant(pair), steps.QUESTION_STRIDE)
            u = estimator.directions[kind](keys, ROWS.shape[1:]).numpy()
            ahead, behind = (
                -np.sum(np.square(images + sign * 0.01 * u - TARGET), axis=(1, 2, 3))
                for sign in (1, -1)
            )
            expected = expected + (ahead - behind)[:, None, None, None] / 0.06 * u
        np.testing.assert_allclose(found, expected, rtol=2e-2, atol=np.abs(expected).max() * 2e-3)

    def test_tends_to_the_gradient(self, kind, middle):
        small = middle[:, :4, :2]
        gradient = (TARGET[:4, :2] - small.numpy()).reshape(3, -1)
        estimator = Estimator(kind=kind, pairs=400, radius=0.05)

        def part(images):
            return -tf.reduce_sum(tf.square(images - TARGET[:4, :2]), axis=[1, 2, 3])

        found = tf.function(estimator)(part, small, tf.constant(KEYS)).numpy().reshape(3, -1)
        cosine = np.sum(found * gradient, axis=1) / (
            np.linalg.norm(found, axis=1) * np.linalg.norm(gradient, axis=1)
        )
        assert cosine.min() > 0.9

    def test_image_does_not_depend_on_its_batch(self, kind):
        attack = make_black_box(kind, budget=24, steps=3)
        seeds = np.arange(3)
        together = attack(embed, ROWS, epsilon=EPSILON, seed=seeds)
        alone = attack(embed, ROWS[1:2], epsilon=EPSILON, seed=seeds[1:2])
        assert np.mean(np.abs(together[1:2] - alone) < 1e-4) >= 0.97

    def test_moves_further_than_noise_and_stays_inside(self, kind):
        attack = make_black_box(kind, budget=200, steps=5, step_size=EPSILON / 2)
        found = tf.function(lambda x: attack(embed, x, epsilon=EPSILON))(ROWS).numpy()
        assert np.abs(found - ROWS).max() <= EPSILON + 1e-6
        noise = NOISES["sign_noise"](ROWS, epsilon=EPSILON)
        moved, shaken = (
            np.linalg.norm(embed(x).numpy() - embed(ROWS).numpy(), axis=1) for x in (found, noise)
        )
        assert np.all(moved > 1.5 * shaken)

    def test_asks_no_more_than_its_budget(self, kind):
        asked = []

        def counting(images):
            asked.append(len(images))
            assert float(tf.reduce_min(images)) >= 0 and float(tf.reduce_max(images)) <= 1
            return embed(images)

        # Eagerly every question is a call; one more is the clean embedding that sma flees.
        make_black_box(kind, budget=25, steps=3)(counting, ROWS, epsilon=EPSILON)
        assert len(asked) == 1 + 24

    def test_a_hidden_gradient_does_not_stop_it(self, kind):
        def rounded(images):
            return embed(tf.round(images * 255) / 255)

        moved = []
        for attack in (make_attack("sma", steps=5), make_black_box(kind, budget=100, steps=5)):
            graph = tf.function(lambda x, attack=attack: attack(rounded, x, epsilon=EPSILON))
            after, before = rounded(graph(ROWS)), rounded(ROWS)
            moved.append(np.linalg.norm(after.numpy() - before.numpy(), axis=1))
        assert np.all(moved[1] > moved[0])


@pytest.mark.parametrize(
    "make,words",
    [
        (lambda: Estimator(kind="zoo"), "estimator 'zoo' is unknown; use one of spsa, nes"),
        (lambda: Estimator(kind="nes", pairs=0), "at least one pair"),
        (lambda: make_black_box("spsa", budget=10, steps=20), "allow at least 40"),
    ],
)
def test_bad_settings_end_in_a_sentence(make, words):
    with pytest.raises(ReIDError, match=words):
        make()
