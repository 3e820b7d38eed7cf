"""Ours against TensorFlow Addons itself, run side by side: values and gradients.

Where the two differ on purpose, a test says how.
"""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_reid.losses import batch_hard_triplet, batch_semihard_triplet
from keras_reid.losses.triplet import pairwise_euclidean
from keras_reid.retrieval import pairwise_distance
from tests.losses import oracles
from tests.stacks import addons_only

pytestmark = addons_only

# (persons, images of each, width)
BATCHES = [(4, 4, 16), (8, 2, 64), (3, 5, 8), (18, 4, 128)]
METRICS = {"L2": False, "squared-L2": True}


@pytest.fixture(scope="module")
def tfa():
    return pytest.importorskip("tensorflow_addons")


def batch(persons, each, width, seed, unit=True):
    """(embeddings, pids), the people mixed, and no match as far as a stranger to six digits.

    There rounding decides which stranger is semi-hard, and the losses part by a whole triplet.
    """
    generator = np.random.default_rng(seed)
    pids = generator.permutation(np.repeat(np.arange(persons), each))
    while True:
        embeddings = generator.normal(scale=0.3, size=[persons * each, width])
        if unit:
            embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
        if unambiguous(embeddings, pids):
            return tf.constant(embeddings, tf.float32), pids


def unambiguous(embeddings, pids):
    distance = oracles.distances(embeddings, squared=True)
    strangers = (pids[:, None] != pids)[:, None, :]
    gap = np.abs(distance[:, None, :] - distance[:, :, None])  # [anchor, match, stranger]
    matches = (pids[:, None] == pids)[:, :, None]
    return gap[matches & strangers].min(initial=1.0) > 1e-6


def with_gradient(function, inputs):
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = function(inputs)
    return value, tape.gradient(value, inputs)


def assert_equal(ours, theirs, embeddings):
    """Both functions of the embeddings agree, and so do their gradients."""
    (value, gradient), (their_value, their_gradient) = (
        with_gradient(each, embeddings) for each in (ours, theirs)
    )
    np.testing.assert_allclose(value, their_value, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(gradient, their_gradient, rtol=1e-3, atol=1e-5)


def mean_of(loss, pids, **settings):
    return lambda embeddings: tf.reduce_mean(loss(embeddings, pids, **settings))


@pytest.mark.parametrize("shape", BATCHES)
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("seed", range(3))
class TestTriplets:
    @pytest.mark.parametrize("margin", [0.0, 0.3, None])
    @pytest.mark.parametrize("unit", [True, False])
    def test_batch_hard(self, tfa, shape, metric, seed, margin, unit):
        embeddings, pids = batch(*shape, seed, unit)
        soft = {"soft": True} if margin is None else {"margin": margin}
        theirs = tfa.losses.TripletHardLoss(distance_metric=metric, **soft)
        ours = mean_of(batch_hard_triplet, pids, margin=margin, squared=METRICS[metric])
        assert_equal(ours, functools.partial(theirs, pids), embeddings)

    @pytest.mark.parametrize("margin", [0.0, 0.3, 1.0])
    def test_semihard(self, tfa, shape, metric, seed, margin):
        embeddings, pids = batch(*shape, seed)
        theirs = tfa.losses.TripletSemiHardLoss(margin=margin, distance_metric=metric)
        ours = mean_of(batch_semihard_triplet, pids, margin=margin, squared=METRICS[metric])
        assert_equal(ours, functools.partial(theirs, pids), embeddings)


class TestDistances:
    @pytest.mark.parametrize("squared", [False, True])
    @pytest.mark.parametrize("seed", range(3))
    def test_within_a_batch(self, tfa, squared, seed):
        embeddings, _ = batch(6, 3, 32, seed, unit=False)
        theirs = tfa.losses.metric_learning.pairwise_distance
        assert_equal(
            lambda e: pairwise_euclidean(e, squared), lambda e: theirs(e, squared), embeddings
        )

    @pytest.mark.parametrize("seed", range(3))
    def test_of_the_ranking(self, tfa, seed):
        embeddings, _ = batch(6, 3, 32, seed, unit=False)
        theirs = tfa.losses.metric_learning.pairwise_distance(embeddings).numpy()
        ours = pairwise_distance(embeddings, embeddings, chunk=5)
        # Addons set the diagonal to 0; a ranking has no diagonal, so ours has its rounding there.
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=5e-3)
        apart = ~np.eye(len(ours), dtype=bool)
        np.testing.assert_allclose(ours[apart], theirs[apart], rtol=1e-4)


class TestWhereTheyDiffer:
    def test_semihard_counts_images_where_addons_count_pairs(self, tfa):
        # With equally many images of each person the two means are one.
        embeddings, _ = batch(5, 2, 8, seed=0)
        pids = np.array([0, 0, 0, 0, 0, 1, 1, 2, 2, 2])
        theirs = float(tfa.losses.TripletSemiHardLoss(margin=0.3)(pids, embeddings))
        losses = batch_semihard_triplet(embeddings, pids, margin=0.3).numpy()
        matches = (pids[:, None] == pids).sum(axis=1) - 1
        assert theirs == pytest.approx((losses * matches).sum() / matches.sum(), rel=1e-4)
        assert theirs != pytest.approx(losses.mean(), rel=1e-3)

    def test_batch_hard_is_the_same_with_unequal_numbers_of_images(self, tfa):
        embeddings, _ = batch(5, 2, 8, seed=0)
        pids = np.array([0, 0, 0, 0, 0, 1, 1, 2, 2, 3])
        theirs = tfa.losses.TripletHardLoss(margin=0.3)
        ours = mean_of(batch_hard_triplet, pids, margin=0.3)
        assert_equal(ours, functools.partial(theirs, pids), embeddings)

    def test_one_person_alone_costs_nothing_here(self, tfa):
        embeddings, _ = batch(1, 4, 8, seed=0)
        pids = np.zeros(4, int)
        assert not np.any(batch_hard_triplet(embeddings, pids, margin=0.3))
        assert float(tfa.losses.TripletHardLoss(margin=0.3)(pids, embeddings)) > 0

    def test_the_soft_margin_does_not_overflow_here(self, tfa):
        embeddings, pids = tf.constant([[0.0], [10.0], [1.0], [11.0]]), [0, 0, 1, 1]
        theirs = tfa.losses.TripletHardLoss(soft=True, distance_metric="squared-L2")
        assert np.isinf(theirs(pids, embeddings))
        losses = batch_hard_triplet(embeddings, pids, margin=None, squared=True)
        np.testing.assert_allclose(losses, [99, 99, 99, 99], rtol=1e-6)

    def test_distances_far_from_the_origin_are_kept_here(self, tfa):
        embeddings = np.random.default_rng(0).normal(1e4, 1, [8, 16]).astype(np.float32)
        exact = np.linalg.norm(embeddings[:, None].astype(float) - embeddings, axis=2)
        theirs = tfa.losses.metric_learning.pairwise_distance(tf.constant(embeddings))
        np.testing.assert_allclose(pairwise_euclidean(embeddings), exact, rtol=1e-3)
        assert np.abs(theirs - exact).max() > 1


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(2, 8, 4, 6), (3, 5, 5, 1), (4, 16, 3)])
def test_instance_normalisation(tfa, training, shape):
    generator = np.random.default_rng(len(shape))
    inputs = tf.constant(generator.normal(2, 3, shape), tf.float32)
    target = tf.constant(generator.normal(size=shape), tf.float32)
    layers = (
        keras.layers.GroupNormalization(groups=-1, epsilon=1e-3),
        tfa.layers.InstanceNormalization(epsilon=1e-3),
    )
    weights = [generator.normal(size=shape[-1:]) for _ in range(2)]
    outputs, gradients = [], []
    for layer in layers:
        layer.build(shape)
        layer.set_weights(weights)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            output = layer(inputs, training=training)
            loss = tf.reduce_sum(output * target)
        outputs.append(output)
        gradients.append(tape.gradient(loss, [inputs, *layer.trainable_variables]))
    np.testing.assert_allclose(*outputs, rtol=1e-4, atol=1e-5)
    for ours, theirs in zip(*gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
