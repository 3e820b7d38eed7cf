"""Triplet losses against TensorFlow Addons, the released reference and NumPy loops."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_reid.errors import ReIDError
from keras_reid.losses import batch_hard_triplet, batch_semihard_triplet
from tests.losses import oracles

GOLDEN = Path(__file__).parents[1] / "golden"
LOSSES = [batch_hard_triplet, batch_semihard_triplet]
ORACLES = {
    batch_hard_triplet: oracles.batch_hard,
    batch_semihard_triplet: oracles.batch_semihard,
}


@pytest.fixture(scope="module")
def addons():
    return np.load(GOLDEN / "addons.npz")


@pytest.fixture(scope="module")
def reference():
    return np.load(GOLDEN / "losses.npz")


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize(
    "loss,name,margin",
    [
        (batch_hard_triplet, "triplet_hard_margin0.3", 0.3),
        (batch_hard_triplet, "triplet_hard_soft", None),
        (batch_semihard_triplet, "triplet_semihard_margin0.3", 0.3),
    ],
)
def test_mean_equals_tensorflow_addons(addons, loss, name, margin, squared):
    expected = float(addons[f"{name}_{'squared_l2' if squared else 'l2'}"])
    losses = loss(addons["embeddings"], addons["pids"], margin=margin, squared=squared)
    assert float(tf.reduce_mean(losses)) == pytest.approx(expected, rel=1e-4)


def test_batch_hard_equals_the_released_reference(reference):
    features, labels = reference["features"], reference["labels"]
    gap = reference["batch_hard_positive"] - reference["batch_hard_negative"]
    np.testing.assert_allclose(
        batch_hard_triplet(features, labels, margin=None), np.log1p(np.exp(gap)), rtol=1e-4
    )
    for margin, name in [(None, "soft_margin"), (10.0, "hinge_margin10")]:
        mean = float(tf.reduce_mean(batch_hard_triplet(features, labels, margin=margin)))
        assert mean == pytest.approx(float(reference[f"triplet_{name}_mean"]), rel=1e-4)


def test_arithmetic_of_four_points_on_a_line():
    # Persons a a b b at 0, 1, 3, 7; distances from the first: match 1, strangers 3 and 7.
    # hard, margin 3: [1-3+3, 1-2+3, 4-2+3, 4-6+3] = [1, 2, 5, 1]
    embeddings, pids = [[0.0], [1.0], [3.0], [7.0]], [1, 1, 2, 2]
    np.testing.assert_allclose(batch_hard_triplet(embeddings, pids, margin=3.0), [1, 2, 5, 1])
    # semi-hard: third image's match is 4 away and no stranger is farther, so the farthest, 3,
    # stands in: 4-3+3 = 4; the fourth's match is 4 away, the next stranger beyond 6: 4-6+3 = 1.
    np.testing.assert_allclose(batch_semihard_triplet(embeddings, pids, margin=3.0), [1, 2, 4, 1])


@pytest.mark.parametrize("loss", LOSSES)
@settings(max_examples=40, deadline=None)
@given(
    people=st.lists(st.integers(0, 3), min_size=3, max_size=9).filter(lambda p: len(set(p)) > 1),
    seed=st.integers(0, 2**32 - 1),
    margin=st.sampled_from([None, 0.0, 0.3, 2.0]),
    squared=st.booleans(),
    offset=st.sampled_from([0.0, 100.0]),
)
def test_equals_a_loop_over_images(loss, people, seed, margin, squared, offset):
    embeddings = np.random.default_rng(seed).normal(offset, 1, [len(people), 5]).astype(np.float32)
    expected = ORACLES[loss](embeddings, people, margin, squared)
    actual = loss(embeddings, people, margin=margin, squared=squared)
    np.testing.assert_allclose(actual, expected, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("margin", [0.3, None])
@pytest.mark.parametrize("people", [[1, 1, 2, 2], [1, 1, 1, 1], [1, 2, 3, 4]])
@pytest.mark.parametrize("rows", ["duplicates", "all equal", "nearly equal", "far from the origin"])
def test_gradient_is_finite(loss, squared, margin, people, rows):
    rng = np.random.default_rng(3)
    embeddings = {
        "duplicates": np.repeat(rng.normal(size=[2, 8]), 2, axis=0),
        "all equal": np.ones([4, 8]),
        "nearly equal": 1 + rng.normal(scale=1e-6, size=[4, 8]),
        "far from the origin": 1e4 + rng.normal(size=[4, 8]),
    }[rows]
    embeddings = tf.Variable(embeddings, dtype=tf.float32)
    with tf.GradientTape() as tape:
        losses = loss(embeddings, people, margin=margin, squared=squared)
    assert np.isfinite(losses).all()
    assert np.isfinite(tape.gradient(losses, embeddings)).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_equals_finite_differences(loss):
    rng = np.random.default_rng(5)
    embeddings, pids = rng.normal(size=[6, 3]), [1, 1, 1, 2, 2, 2]
    variable = tf.Variable(embeddings, dtype=tf.float32)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(loss(variable, pids, margin=None))
    gradient = tape.gradient(total, variable).numpy()
    oracle = ORACLES[loss]
    for index in np.ndindex(6, 3):
        step = np.zeros([6, 3])
        step[index] = 1e-6
        ahead, behind = (sum(oracle(embeddings + s, pids, None, False)) for s in (step, -step))
        assert gradient[index] == pytest.approx((ahead - behind) / 2e-6, abs=1e-3)


@pytest.mark.parametrize("loss", LOSSES)
def test_one_person_alone_costs_nothing(loss):
    rng = np.random.default_rng(7)
    np.testing.assert_array_equal(loss(rng.normal(size=[4, 3]), [1, 1, 1, 1]), np.zeros(4))


@pytest.mark.parametrize("loss", LOSSES)
def test_graph_mode_and_half_precision(loss):
    rng = np.random.default_rng(9)
    embeddings, pids = rng.normal(size=[8, 4]).astype(np.float16), np.repeat(np.arange(4), 2)
    traced = tf.function(
        loss,
        input_signature=[tf.TensorSpec([None, 4], tf.float16), tf.TensorSpec([None], tf.int64)],
    )
    assert traced(embeddings, pids).dtype == tf.float32
    np.testing.assert_allclose(traced(embeddings, pids), loss(embeddings, pids), rtol=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    "embeddings,pids,margin,words",
    [
        (np.ones([4, 2]), [1, 1, 2, 2], -0.1, "negative"),
        (np.ones([4]), [1, 1, 2, 2], 0.3, r"\[N, D\]"),
        (np.ones([4, 2]), [1, 1, 2], 0.3, "4 embeddings have 3 pids"),
    ],
)
def test_wrong_arguments_get_a_sentence(loss, embeddings, pids, margin, words):
    with pytest.raises(ReIDError, match=words):
        loss(embeddings, pids, margin=margin)
