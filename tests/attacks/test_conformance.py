"""Every named attack against every property that an attack must have."""

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.attacks import ATTACKS, NOISES, make_attack, round_inside
from tests.attacks.embedders import EPSILON, IMAGES, embed, guides_for

PARITY = 0.97  # share of equal pixels when kernels round differently (docs: parity)
ROWS = IMAGES[:6]
KEYS = np.arange(40, 46)


def run(name, images=ROWS, keys=KEYS, rows=slice(None), epsilon=EPSILON, call=None, **settings):
    guides = guides_for(name)
    if guides is not None:
        guides = guides.rows(slice(0, 6)).rows(rows)
    attack = make_attack(name, **settings)
    return (call or attack)(embed, images[rows], guides, epsilon=epsilon, seed=keys[rows]).numpy()


def same(left, right):
    return np.mean(np.abs(left - right) < 1e-4)


@pytest.mark.parametrize("name", ATTACKS)
class TestEveryAttack:
    def test_stays_in_the_ball_and_in_range(self, name):
        adversarial = run(name)
        assert adversarial.shape == ROWS.shape and adversarial.dtype == np.float32
        assert np.abs(adversarial - ROWS).max() <= EPSILON + 1e-6
        assert adversarial.min() >= 0.0 and adversarial.max() <= 1.0

    @pytest.mark.parametrize("epsilon_255", [5.0, 4.5, 0.4])
    def test_stays_in_the_ball_after_rounding_to_uint8(self, name, epsilon_255):
        pixels = np.round(ROWS * 255).astype(np.uint8)
        images = (pixels / 255.0).astype(np.float32)
        adversarial = run(name, images=images, epsilon=epsilon_255 / 255)
        rounded = round_inside(adversarial, pixels, epsilon_255 / 255).numpy()
        reach = np.abs(rounded.astype(int) - pixels).max()
        assert reach <= epsilon_255
        assert reach == int(epsilon_255), "the attack should use the room it has"

    def test_epsilon_zero_changes_nothing(self, name):
        np.testing.assert_array_equal(run(name, epsilon=0.0), ROWS)

    def test_zero_steps_leave_the_start(self, name):
        adversarial = run(name, steps=0)
        moved = np.abs(adversarial - ROWS).max()
        assert (moved > 0) == make_attack(name).random_start

    def test_same_seed_same_pixels(self, name):
        np.testing.assert_array_equal(run(name), run(name))

    def test_alone_equals_in_batch(self, name):
        together = run(name)
        for row in range(2):
            alone = run(name, rows=slice(row, row + 1))
            assert same(alone, together[row : row + 1]) >= PARITY

    def test_place_in_the_batch_does_not_matter(self, name):
        order = np.array([3, 0, 5, 1, 4, 2])
        shuffled = run(name, rows=order)
        assert same(shuffled, run(name)[order]) >= PARITY

    def test_every_image_has_its_own_epsilon_and_steps(self, name):
        epsilons = np.array([0, 1, 2, 4, 5, 8], np.float32) / 255
        steps = 1 if name == "fgsm" else np.array([0, 1, 3, 5, 9, 15], np.int32)
        mixed = run(name, epsilon=epsilons, steps=steps)
        assert np.all(np.abs(mixed - ROWS).max(axis=(1, 2, 3)) <= epsilons + 1e-6)
        single_steps = 1 if name == "fgsm" else 5
        alone = run(name, rows=slice(3, 4), epsilon=4 / 255, steps=single_steps)
        assert same(alone, mixed[3:4]) >= PARITY

    def test_is_stronger_than_noise(self, name):
        guides = guides_for(name)
        guides = None if guides is None else guides.rows(slice(0, 6))
        objective = make_attack(name).objective(embed, tf.constant(ROWS), guides)
        reached = objective(run(name)).numpy()
        for noise in NOISES.values():
            assert np.all(reached > objective(noise(ROWS, epsilon=EPSILON)).numpy())

    def test_graph_equals_eager(self, name):
        attack = make_attack(name)

        @tf.function
        def graph(images, epsilon, keys, guides):
            return attack(embed, images, guides, epsilon=epsilon, seed=keys)

        in_graph = run(
            name, call=lambda _, images, guides, epsilon, seed: graph(images, epsilon, seed, guides)
        )
        assert same(in_graph, run(name)) >= PARITY

    def test_cosine_metric_moves_the_angle(self, name):
        if name == "xent":
            with pytest.raises(ValueError, match="logits, which have no metric"):
                make_attack(name, metric="cosine")
            return
        adversarial = run(name, metric="cosine")
        assert np.abs(adversarial - ROWS).max() <= EPSILON + 1e-6
        guides = guides_for(name)
        guides = None if guides is None else guides.rows(slice(0, 6))
        objective = make_attack(name, metric="cosine").objective(embed, tf.constant(ROWS), guides)
        assert np.all(objective(adversarial).numpy() > objective(tf.constant(ROWS)).numpy())


@pytest.mark.parametrize("name", [n for n in ATTACKS if make_attack(n).random_start])
class TestEveryRandomStart:
    def test_another_seed_gives_other_pixels(self, name):
        assert same(run(name), run(name, keys=KEYS + 100)) < 0.999

    def test_pair_seed_counts_up_from_its_second_number(self, name):
        attack = make_attack(name)
        guides = guides_for(name)
        guides = None if guides is None else guides.rows(slice(0, 6))
        pair = attack(embed, ROWS, guides, seed=(0, 40)).numpy()
        np.testing.assert_array_equal(pair, run(name))

    def test_restarts_keep_the_best_of_each_image(self, name):
        guides = guides_for(name)
        guides = None if guides is None else guides.rows(slice(0, 6))
        objective = make_attack(name).objective(embed, tf.constant(ROWS), guides)
        once = objective(run(name, steps=2)).numpy()
        thrice = objective(run(name, steps=2, restarts=3)).numpy()
        assert np.all(thrice >= once - 1e-6 * np.abs(once)) and np.any(thrice > once)
