"""A victim's own distance with a gradient is the one that it is ranked by."""

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.errors import ReIDError
from keras_reid.losses.triplet import pairwise_euclidean
from keras_reid.misrank.victim_distance import differentiable_distance
from keras_reid.retrieval import pairwise_distance


def embeddings(count, seed):
    return np.random.default_rng(seed).normal(size=(count, 5 + 4 * 3)).astype(np.float32)


@pytest.mark.parametrize("metric", ["cosine", "aligned:4x3"])
def test_it_is_the_rankings(metric):
    a, b = embeddings(6, 0), embeddings(4, 1)
    found = tf.function(differentiable_distance(metric))(a, b)
    np.testing.assert_allclose(found, pairwise_distance(a, b, metric=metric), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("metric", ["cosine", "aligned:4x3"])
def test_the_gradient_is_finite_also_of_an_image_with_itself(metric):
    a = tf.constant(embeddings(5, 2))
    with tf.GradientTape() as tape:
        tape.watch(a)
        total = tf.reduce_sum(differentiable_distance(metric)(a, a) ** 2)
    gradient = tape.gradient(total, a).numpy()
    assert np.isfinite(gradient).all() and np.abs(gradient).max() > 1e-3


def test_the_euclidean_is_left_to_the_loss_and_others_are_refused():
    assert differentiable_distance("euclidean") is None
    a, b = embeddings(3, 3), embeddings(4, 4)
    found = pairwise_euclidean(tf.constant(a), other=tf.constant(b))
    np.testing.assert_allclose(found, pairwise_distance(a, b), rtol=1e-4)
    with pytest.raises(ReIDError, match="no metric is called 'manhattan'"):
        differentiable_distance("manhattan")
