"""Label-smoothed cross-entropy against a loop."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_reid.errors import ReIDError
from keras_reid.losses import label_smoothed_cross_entropy


def loop(logits, labels, smoothing):
    losses = []
    for row, label in zip(np.asarray(logits, np.float64), labels, strict=True):
        log_probability = row - np.log(np.exp(row).sum())
        target = np.full(len(row), smoothing / len(row))
        target[label] += 1 - smoothing
        losses.append(-(target * log_probability).sum())
    return losses


def test_two_equal_scores_cost_one_bit():
    # log 2, however the target is spread.
    loss = label_smoothed_cross_entropy([[5.0, 5.0]], [0])
    np.testing.assert_allclose(loss, [np.log(2)], rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 6), st.integers(2, 9)),
    seed=st.integers(0, 2**32 - 1),
    smoothing=st.sampled_from([0.0, 0.1, 0.5]),
    scale=st.sampled_from([1.0, 30.0]),
)
def test_equals_a_loop(shape, seed, smoothing, scale):
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=scale, size=shape).astype(np.float32)
    labels = rng.integers(0, shape[1], shape[0])
    np.testing.assert_allclose(
        label_smoothed_cross_entropy(logits, labels, smoothing=smoothing),
        loop(logits, labels, smoothing),
        rtol=1e-4,
        atol=1e-5,
    )


def test_equals_keras_in_the_mean():
    rng = np.random.default_rng(1)
    logits, labels = rng.normal(size=[6, 4]).astype(np.float32), np.array([0, 1, 2, 3, 0, 1])
    keras_loss = tf.keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    expected = float(keras_loss(tf.one_hot(labels, 4), logits))
    mean = float(tf.reduce_mean(label_smoothed_cross_entropy(logits, labels)))
    assert mean == pytest.approx(expected, rel=1e-5)


def test_large_scores_and_half_precision_stay_finite():
    logits = tf.Variable([[6e4, -6e4], [-6e4, 6e4]], dtype=tf.float16)
    with tf.GradientTape() as tape:
        losses = label_smoothed_cross_entropy(logits, [1, 1])
    assert losses.dtype == tf.float32 and np.isfinite(losses).all()
    assert np.isfinite(tape.gradient(losses, logits)).all()


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_outside_the_classes_is_nan(label):
    losses = label_smoothed_cross_entropy(np.zeros([2, 3]), [0, label])
    assert np.isfinite(losses[0]) and np.isnan(losses[1])


@pytest.mark.parametrize(
    "logits,labels,smoothing,words",
    [
        (np.zeros([2, 3]), [0, 1], 1.0, "share"),
        (np.zeros([2, 3]), [0, 1], -0.1, "share"),
        (np.zeros([2]), [0, 1], 0.1, r"\[N, K\]"),
        (np.zeros([2, 3]), [[0], [1]], 0.1, r"labels \[N\]"),
    ],
)
def test_wrong_arguments_get_a_sentence(logits, labels, smoothing, words):
    with pytest.raises(ReIDError, match=words):
        label_smoothed_cross_entropy(logits, labels, smoothing=smoothing)
