"""The loop's pieces: properties, and the loop against NumPy."""

import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_reid.attacks import make_attack
from keras_reid.attacks.guides import Guides
from keras_reid.attacks.steps import accumulate, image_keys, project, round_inside, uniform_noise

UNIT = st.floats(0, 1, width=32)


@given(x=UNIT, centre=UNIT, epsilon=UNIT)
@settings(max_examples=50, deadline=None)
def test_projection_is_inside_and_idempotent(x, centre, epsilon):
    shape = [1, 1, 1, 3]
    images, far = tf.fill(shape, centre), tf.fill(shape, 3 * x - 1)
    once = project(far, images, epsilon)
    assert np.all(np.abs(once - images) <= epsilon + 1e-6)
    assert np.all((once >= 0) & (once <= 1))
    np.testing.assert_array_equal(project(once, images, epsilon), once)


@given(pixel=st.integers(0, 255), epsilon=st.floats(0, 0.125, width=32), side=st.booleans())
@settings(max_examples=50, deadline=None)
def test_rounding_never_leaves_the_ball(pixel, epsilon, side):
    pixels = np.full([1, 1, 1, 3], pixel, np.uint8)
    edge = pixel / 255 + (epsilon if side else -epsilon)
    rounded = round_inside(np.clip(np.full([1, 1, 1, 3], edge, np.float32), 0, 1), pixels, epsilon)
    assert np.all(np.abs(rounded.numpy().astype(int) - pixel) <= 255 * epsilon + 1e-3)


def test_rounding_keeps_a_whole_epsilon():
    pixels = np.full([1, 1, 1, 3], 100, np.uint8)
    for steps_255 in range(17):
        image = np.full([1, 1, 1, 3], (100 + steps_255) / 255, np.float32)
        rounded = round_inside(image, pixels, np.float32(steps_255 / 255))
        assert np.all(rounded.numpy() == 100 + steps_255)


def test_noise_is_uniform_and_depends_on_the_key_alone():
    keys = image_keys((3, 0), 4)
    noise = uniform_noise(keys, [32, 32, 3]).numpy()
    np.testing.assert_array_equal(uniform_noise(keys[2:3], [32, 32, 3])[0], noise[2])
    assert noise.min() < -0.99 and noise.max() > 0.99
    # The mean of 12,288 values of variance 1/3 has a deviation of 0.0052.
    assert abs(noise.mean()) < 0.02 and abs(noise.var() - 1 / 3) < 0.01
    assert not np.array_equal(noise[0], noise[1])


def test_restarts_have_keys_of_their_own():
    keys = np.concatenate([image_keys((0, 0), 100, restart).numpy() for restart in range(5)])
    assert len(np.unique(keys, axis=0)) == 500


def test_momentum_survives_a_zero_gradient():
    velocity = accumulate(tf.ones([1, 2, 2, 3]), tf.zeros([1, 2, 2, 3]), 1.0)
    np.testing.assert_array_equal(velocity, np.ones([1, 2, 2, 3]))


def test_momentum_attack_equals_a_numpy_loop():
    # f = a.x is one number and the objective (f - g)^2, so the gradient is 2 a (a.x - g).
    rng = np.random.default_rng(0)
    slope = rng.normal(size=12).astype(np.float32)
    image = rng.uniform(size=(1, 2, 2, 3)).astype(np.float32)
    guide = np.float32(0.3)

    def embed(images):
        return tf.reshape(images, [-1, 12]) @ slope[:, None]

    attack = make_attack("mifgsm", steps=7, step_size=2 / 255)
    found = attack(embed, image, Guides(push=[[[guide]]]), epsilon=5 / 255).numpy().ravel()

    x, velocity = image.ravel().astype(np.float64), np.zeros(12)
    for _ in range(7):
        gradient = 2 * slope * (slope @ x - guide)
        velocity = velocity + gradient / np.abs(gradient).sum()
        x = np.clip(
            x + 2 / 255 * np.sign(velocity), image.ravel() - 5 / 255, image.ravel() + 5 / 255
        )
        x = np.clip(x, 0, 1)
    np.testing.assert_allclose(found, x, atol=1e-6)


def test_targeted_cross_entropy_raises_the_target_and_untargeted_lowers_the_truth():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(12, 4)).astype(np.float32)
    image = rng.uniform(0.3, 0.7, size=(1, 2, 2, 3)).astype(np.float32)

    def logits(images):
        return tf.reshape(images, [-1, 12]) @ weights

    one_hot = np.eye(4, dtype=np.float32)
    clean = tf.nn.softmax(logits(image)).numpy()[0]
    for side, better in (("push", np.less), ("pull", np.greater)):
        guides = Guides(**{side: one_hot[None, 2:3]})
        found = make_attack("xent")(logits, image, guides, epsilon=8 / 255)
        assert better(tf.nn.softmax(logits(found)).numpy()[0, 2], clean[2])


def test_an_empty_batch_comes_back_empty():
    attack = make_attack("sma")
    found = attack(lambda x: tf.reshape(x, [-1, 12]), np.zeros([0, 2, 2, 3], np.float32))
    assert found.shape == (0, 2, 2, 3)
