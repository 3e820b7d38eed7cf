"""The loss of AlignedReID's stripes against the distance that ranks, and a loop for its choices."""

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.losses import aligned_triplet
from keras_reid.losses.aligned import aligned_distance
from keras_reid.retrieval.aligned import aligned_block

PIDS = np.array([4, 4, 4, 7, 7, 2])


@pytest.fixture
def batch():
    generator = np.random.default_rng(0)
    return (
        generator.normal(size=(6, 3)).astype(np.float32),
        generator.normal(size=(6, 4, 5)).astype(np.float32),
    )


def test_distance_of_pairs_is_that_of_the_ranking(batch):
    _, stripes = batch
    other = stripes[::-1].copy()
    np.testing.assert_allclose(
        aligned_distance(tf.constant(stripes), tf.constant(other)),
        np.diag(aligned_block(stripes, other)),
        rtol=1e-5,
    )


@pytest.mark.parametrize("margin", [0.3, None])
def test_the_whole_bodies_choose_whose_stripes_are_compared(batch, margin):
    bodies, stripes = batch
    far = np.linalg.norm(bodies[:, None] - bodies[None], axis=-1)
    local = aligned_block(stripes, stripes)
    expected = []
    for anchor, pid in enumerate(PIDS):
        match = max(np.flatnonzero(PIDS == pid), key=lambda other: far[anchor, other])
        stranger = min(np.flatnonzero(PIDS != pid), key=lambda other: far[anchor, other])
        gap = local[anchor, match] - local[anchor, stranger]
        expected.append(np.log1p(np.exp(gap)) if margin is None else max(gap + margin, 0))
    got = aligned_triplet(*batch, PIDS, margin=margin)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_nobody_else_costs_nothing(batch):
    np.testing.assert_array_equal(aligned_triplet(*batch, np.ones(6, int)), np.zeros(6))


def test_the_gradient_is_finite_between_equal_stripes():
    stripes = tf.Variable(tf.ones((4, 3, 2)))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(aligned_triplet(tf.eye(4), stripes, [1, 1, 2, 2]))
    assert np.isfinite(tape.gradient(loss, stripes)).all()
