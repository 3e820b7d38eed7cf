"""The generator as an attack: in the ball, at most k pixels, each image by itself."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_reid.attacks import round_inside
from keras_reid.errors import ReIDError
from keras_reid.misrank import MisrankAttack, load_attack
from keras_reid.misrank.attack import usable_radius
from keras_reid.misrank.perturb import PERTURBATIONS, perturbation
from tests.misrank.models import PIXELS, SIZE, images, make_model


@pytest.fixture(scope="module", params=["learnt", "none"])
def attack(request):
    model = make_model(mask=request.param)
    # Weights as if trained: noise of all sizes.
    last = model.generator.get_layer("last")
    last.set_weights([50 * weight for weight in last.get_weights()])
    return MisrankAttack(model)


@pytest.fixture(scope="module")
def graph(attack):
    @tf.function(input_signature=[
        tf.TensorSpec([None, *SIZE, 3], tf.uint8), tf.TensorSpec([None]),
        tf.TensorSpec([None], tf.int32),
    ])  # fmt: skip
    def served(pixels, epsilon, num_pixels):
        found, mask = attack(tf.cast(pixels, tf.float32) / 255.0, epsilon, num_pixels)
        return round_inside(found, pixels, usable_radius(epsilon)), mask

    return served


def pixels(count=5, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, *SIZE, 3), dtype=np.uint8)


@settings(max_examples=8, deadline=None)
@given(data=st.data(), seed=st.integers(0, 99))
def test_rounded_it_is_in_the_ball_and_changes_at_most_k_pixels(graph, data, seed):
    clean = pixels(3, seed)
    epsilon = np.array(data.draw(st.lists(st.floats(0, 0.2), min_size=3, max_size=3)), np.float32)
    counts = np.array(data.draw(st.lists(st.integers(0, PIXELS), min_size=3, max_size=3)), np.int32)
    found, mask = (each.numpy() for each in graph(clean, epsilon, counts))
    change = np.abs(found.astype(int) - clean)
    assert (change.max(axis=(1, 2, 3)) <= np.floor(epsilon * 255 + 1e-3)).all()
    allowed = np.where(counts == 0, PIXELS, counts)
    np.testing.assert_array_equal(mask.sum(axis=(1, 2, 3)), allowed)
    assert (change.any(axis=-1).sum(axis=(1, 2)) <= allowed).all()
    assert not change[np.broadcast_to(mask == 0, change.shape)].any()


def test_an_image_is_attacked_the_same_alone_and_in_a_batch(graph):
    clean = pixels()
    epsilon, counts = np.linspace(0.02, 0.1, 5, dtype=np.float32), np.array([0, 9, 60, 100, 5])
    together, masks = graph(clean, epsilon, counts)
    again, _ = graph(clean, epsilon, counts)
    np.testing.assert_array_equal(together, again)
    for row in range(5):
        one = slice(row, row + 1)
        alone, mask = graph(clean[one], epsilon[one], counts[one])
        # Other batch sizes round otherwise in the last bit, which may flip one rounded pixel.
        assert (alone[0].numpy() == together[row].numpy()).mean() > 0.99
        assert (mask[0].numpy() == masks[row].numpy()).mean() > 0.98


def test_bad_values_of_one_image_do_not_touch_the_others(graph):
    clean = pixels(4)
    epsilon = np.array([0.1, np.nan, np.inf, -1.0], np.float32)
    found, _ = graph(clean, epsilon, np.array([0, 10**6, -5, 0]))
    np.testing.assert_array_equal(found[1:], clean[1:])
    expected, _ = graph(clean, np.full(4, 0.1, np.float32), np.zeros(4, np.int32))
    np.testing.assert_array_equal(found[0], expected[0])
    assert np.abs(found[0].numpy().astype(int) - clean[0]).max() > 5


def test_defaults_are_those_of_the_training():
    attack = MisrankAttack(make_model(epsilon=0.05, num_pixels=30))
    found, mask = attack(images(2))
    assert np.abs(found - images(2)).max() <= 0.05 + 1e-6
    np.testing.assert_array_equal(tf.reduce_sum(mask, axis=[1, 2, 3]), [30, 30])


@pytest.mark.parametrize("kind", PERTURBATIONS)
def test_perturbations_fill_the_ball_and_have_a_gradient(kind):
    raw = tf.Variable(np.random.default_rng(0).normal(size=[2, 8, 4, 3]).astype(np.float32) * 4)
    epsilon = np.array([0.02, 0.06], np.float32)
    with tf.GradientTape() as tape:
        noise = perturbation(raw, epsilon, kind)
    largest = np.abs(noise).max(axis=(1, 2, 3))
    assert (largest <= epsilon * (1 + 1e-5)).all() and (largest > 0.95 * epsilon).all()
    assert np.abs(tape.gradient(noise, raw)).max() > 1e-4


def test_the_released_perturbation_is_scaled_for_each_colour_outside_the_gradient():
    raw = np.random.default_rng(2).normal(size=[2, 5, 4, 3]).astype(np.float32)
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    pixels = (np.tanh(raw) + 1) / 2 - mean
    expected = np.zeros_like(pixels)
    for image in range(2):
        for colour in range(3):
            values = pixels[image, ..., colour]
            expected[image, ..., colour] = values * min(1.0, 0.05 / np.abs(values).max())
    weights = np.random.default_rng(3).normal(size=raw.shape).astype(np.float32)
    variable = tf.Variable(raw)
    with tf.GradientTape() as tape:
        found = perturbation(variable, 0.05, "released")
        total = tf.reduce_sum(weights * found)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    slope = weights * deviation * (1 - np.tanh(raw) ** 2)
    np.testing.assert_allclose(tape.gradient(total, variable), slope, atol=1e-5)


def test_the_released_perturbation_is_cut_off_nowhere_in_training():
    model = make_model(perturbation="released", epsilon=0.5)
    bright = tf.ones([2, *SIZE, 3])
    assert np.max(model.perturbed(bright, 0.5, 0, training=False)[0]) <= 1.0
    trained, _, noise = model.perturbed(bright, 0.5, 0, training=True)
    np.testing.assert_allclose(trained, bright + noise, atol=1e-6)
    assert np.max(trained) > 1.0


@pytest.mark.parametrize(
    "settings,words",
    [
        ({"epsilon": 3.0}, "write 5 / 255"),
        ({"epsilon": float("nan")}, "finite"),
        ({"num_pixels": -7}, "num_pixels is -7"),
        ({"num_pixels": PIXELS + 1}, "num_pixels is 193"),
    ],
)
def test_a_model_of_no_sense_is_not_made(settings, words):
    with pytest.raises(ReIDError, match=words):
        make_model(**settings)


@pytest.mark.parametrize(
    "given_,words",
    [
        ({"images": images(2)[:, :8]}, "takes crops of 16x12"),
        ({"epsilon": 16.0}, "write 5 / 255 for 5"),
        ({"epsilon": -0.1}, "not negative"),
        ({"num_pixels": PIXELS + 1}, "between 0"),
        ({"num_pixels": [-1, 3]}, "num_pixels is -1"),
        ({"num_pixels": [3, 3, 3]}, "one for each image"),
    ],
)
def test_wrong_arguments_get_a_sentence(given_, words):
    arguments = {"images": images(2), **given_}
    with pytest.raises(ReIDError, match=words):
        MisrankAttack(make_model())(**arguments)


def test_a_file_of_something_else_gets_a_sentence(tmp_path):
    with pytest.raises(ReIDError, match="there is no generator"):
        load_attack(tmp_path)
    make_model().generator.save(str(tmp_path / "model.keras"))
    with pytest.raises(ReIDError, match="cannot be loaded|no mis-ranking generator"):
        load_attack(tmp_path)
