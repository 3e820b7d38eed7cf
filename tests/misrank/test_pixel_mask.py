"""The pixel mask against the released reference: exactly k, also on ties, and its gradient."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_reid.errors import ReIDError
from keras_reid.misrank import annealed, count_pixels, parse_num_pixels, sample_pixel_mask

GOLDEN = Path(__file__).parents[1] / "golden" / "losses.npz"


def test_equals_the_released_mask():
    golden = np.load(GOLDEN)
    hard, probabilities = sample_pixel_mask(
        golden["mask_logits"], int(golden["mask_k"]), float(golden["mask_tau"]),
        golden["mask_uniform"],
    )  # fmt: skip
    np.testing.assert_array_equal(hard, golden["mask_hard"])
    np.testing.assert_allclose(probabilities, golden["mask_probabilities"], rtol=1e-4, atol=1e-7)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 3), pixels=st.integers(1, 40), seed=st.integers(0, 2**32 - 1),
    levels=st.integers(1, 4), noise=st.booleans(), data=st.data(),
)  # fmt: skip
def test_has_exactly_k_ones_also_on_ties(rows, pixels, seed, levels, noise, data):
    rng = np.random.default_rng(seed)
    logits = rng.integers(0, levels, (rows, pixels)).astype(np.float32)  # few levels: many ties
    counts = data.draw(st.lists(st.integers(0, pixels), min_size=rows, max_size=rows))
    uniform = rng.integers(0, 2, logits.shape) / 2 if noise else None  # 0 is a uniform number, too
    hard, probabilities = sample_pixel_mask(logits, tf.constant(counts), 0.5, uniform)
    assert set(np.unique(hard)) <= {0.0, 1.0}
    np.testing.assert_array_equal(tf.reduce_sum(hard, axis=1), counts)
    np.testing.assert_allclose(tf.reduce_sum(probabilities, axis=1), 1.0, rtol=1e-5)
    for row in range(rows):  # whatever is in has at least the probability of whatever is out
        inside, outside = (probabilities[row][hard[row] == value] for value in (1, 0))
        if len(inside) and len(outside):
            assert tf.reduce_min(inside) >= tf.reduce_max(outside) - 1e-6


def test_on_a_tie_the_first_pixels_are_taken():
    hard, _ = sample_pixel_mask(np.zeros([1, 6]), 4, 1.0)
    np.testing.assert_array_equal(hard, [[1, 1, 1, 1, 0, 0]])


def test_gradient_is_that_of_the_probabilities():
    logits = tf.Variable(np.random.default_rng(0).normal(size=[2, 9]).astype(np.float32))
    weights = np.random.default_rng(1).normal(size=[2, 9]).astype(np.float32)
    with tf.GradientTape(persistent=True) as tape:
        hard, probabilities = sample_pixel_mask(logits, 3, 0.7)
        of_hard = tf.reduce_sum(hard * weights)
        of_probabilities = tf.reduce_sum(probabilities * weights)
    gradient = tape.gradient(of_hard, logits)
    np.testing.assert_allclose(gradient, tape.gradient(of_probabilities, logits), rtol=1e-6)
    assert np.abs(gradient).max() > 1e-3


def test_chance_picks_probable_pixels_more_often():
    # softmax([0, 2]) = [0.12, 0.88], and one draw of two is a draw from it.
    uniform = tf.random.stateless_uniform([4000, 2], [1, 2])
    hard, _ = sample_pixel_mask(tf.tile([[0.0, 2.0]], [4000, 1]), 1, 0.5, uniform)
    assert float(tf.reduce_mean(hard[:, 1])) == pytest.approx(0.88, abs=0.02)


@pytest.mark.parametrize(
    "logits,count,tau,words",
    [
        (np.zeros([1, 8]), 9, 1.0, "between 0 and the image's 8"),
        (np.zeros([1, 8]), -1, 1.0, "num_pixels is -1"),
        (np.zeros([1, 8]), 2, 0.0, "tau"),
        (np.zeros([1, 4, 2]), 2, 1.0, r"\[N, H\*W\]"),
    ],
)
def test_wrong_arguments_get_a_sentence(logits, count, tau, words):
    with pytest.raises(ReIDError, match=words):
        sample_pixel_mask(logits, count, tau)


@pytest.mark.parametrize(
    "text,count", [("none", 2048), ("all", 2048), ("200", 200), ("0.5", 1024), ("1e-4", 1)]
)
def test_a_number_of_pixels_is_a_count_a_share_or_all(text, count):
    assert count_pixels(parse_num_pixels(text), 2048) == count


@pytest.mark.parametrize("text", ["0", "-3", "1.5", "0.0", "half", "", "nan", "lots", "-1e-3"])
def test_other_texts_cannot_be_read(text):
    with pytest.raises(ValueError, match="write a count from 1|a share of the pixels"):
        parse_num_pixels(text)


@pytest.mark.parametrize(
    "value", [0, -1, 2049, 0.0, 1.5, float("nan"), np.float32(2), np.int64(-1)]
)
def test_counts_that_no_image_has_get_a_sentence(value):
    with pytest.raises(ReIDError, match="num_pixels"):
        count_pixels(value, 2048)


def test_annealing_starts_with_all_and_ends_with_the_count():
    counts = [int(annealed(100, 1100, step, 10)) for step in range(13)]
    assert counts[0] == 1100 and counts[5] == 600 and counts[10:] == [100, 100, 100]
    assert int(annealed(7, 99, 0, 0)) == 7
