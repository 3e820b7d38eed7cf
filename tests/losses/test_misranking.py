"""The mis-ranking and misclassification losses against the released reference and NumPy loops."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_reid.errors import ReIDError
from keras_reid.losses import (
    guarded_log,
    misclassification_loss,
    misranking_loss,
    misranking_of_distances,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "losses.npz"


@pytest.fixture(scope="module")
def golden():
    return np.load(GOLDEN)


def loop(embeddings, pids, margin, squared, include_self, other=None):
    embeddings = np.asarray(embeddings, np.float64)
    other = embeddings if other is None else np.asarray(other, np.float64)
    losses = []
    for anchor, pid in enumerate(pids):
        distance = ((embeddings[anchor] - other) ** 2).sum(axis=1)
        if not squared:
            distance = np.sqrt(distance)
        places = np.arange(len(pids))
        matches = (pids == pid) & (include_self | (places != anchor))
        push = distance[matches].min() if matches.any() else 0.0
        losses.append(max(distance[pids != pid].max() - push + margin, 0.0))
    return losses


class TestMisranking:
    @pytest.mark.parametrize("include_self", [False, True])
    def test_equals_the_released_sums(self, golden, include_self):
        name = f"misranking_sum_squared_{'with' if include_self else 'without'}_self"
        losses = misranking_loss(golden["features"], golden["labels"], include_self=include_self)
        assert float(tf.reduce_sum(losses)) == pytest.approx(float(golden[name]), rel=1e-5)

    def test_equals_the_released_euclidean_form_and_its_logarithm(self, golden):
        losses = misranking_loss(
            golden["features"], golden["labels"], squared=False, include_self=True
        )
        mean = tf.reduce_mean(losses)
        assert float(mean) == pytest.approx(float(golden["misranking_mean_euclidean"]), rel=1e-3)
        logarithm = float(golden["misranking_log_mean_euclidean"])
        assert float(guarded_log(mean)) == pytest.approx(logarithm, rel=1e-3)

    def test_arithmetic_of_four_points_on_a_line(self):
        # Persons a a b b at 0, 1, 3, 7, squared: the first has strangers 9 and 49 and match 1.
        # [49-1, 36-1, 9-16, 49-16] + 1
        losses = misranking_loss([[0.0], [1.0], [3.0], [7.0]], [1, 1, 2, 2], margin=1.0)
        np.testing.assert_allclose(losses, [49, 36, 0, 34], rtol=1e-6)

    @settings(max_examples=40, deadline=None)
    @given(
        pids=st.lists(st.integers(0, 3), min_size=2, max_size=9).filter(lambda x: len(set(x)) > 1),
        seed=st.integers(0, 2**32 - 1),
        squared=st.booleans(),
        include_self=st.booleans(),
        clean=st.booleans(),
    )
    def test_equals_a_loop(self, pids, seed, squared, include_self, clean):
        rng = np.random.default_rng(seed)
        embeddings, other = rng.normal(size=[2, len(pids), 5]).astype(np.float32)
        pids, other = np.array(pids), other if clean else None
        how = {"squared": squared, "include_self": include_self, "other": other}
        np.testing.assert_allclose(
            misranking_loss(embeddings, pids, **how),
            loop(embeddings, pids, 0.3, **how),
            rtol=1e-4,
            atol=1e-4,
        )

    @settings(max_examples=20, deadline=None)
    @given(seed=st.integers(0, 2**32 - 1), margin=st.floats(0, 3))
    def test_is_never_negative_grows_with_the_margin_and_ignores_the_origin(self, seed, margin):
        rng = np.random.default_rng(seed)
        embeddings, pids = rng.normal(size=[6, 4]).astype(np.float32), [0, 0, 1, 1, 2, 2]
        losses = misranking_loss(embeddings, pids, margin=margin).numpy()
        assert (losses >= 0).all()
        assert (misranking_loss(embeddings, pids, margin=margin + 1).numpy() >= losses).all()
        moved = misranking_loss(embeddings + 3, pids, margin=margin)
        np.testing.assert_allclose(moved, losses, rtol=1e-3, atol=1e-4)

    @pytest.mark.parametrize("squared", [False, True])
    @pytest.mark.parametrize("include_self", [False, True])
    def test_gradient_is_finite_for_equal_rows_and_lone_images(self, squared, include_self):
        embeddings = tf.Variable([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0], [0.0, 1.0]])
        with tf.GradientTape() as tape:
            losses = misranking_loss(
                embeddings, [1, 1, 2, 3], squared=squared, include_self=include_self
            )
        assert np.isfinite(losses).all()
        assert np.isfinite(tape.gradient(losses, embeddings)).all()

    def test_half_precision_is_computed_in_float32(self):
        embeddings = tf.Variable([[300.0], [0.0], [500.0]], dtype=tf.float16)
        with tf.GradientTape() as tape:
            losses = misranking_loss(embeddings, [1, 1, 2])
        assert losses.dtype == tf.float32 and float(losses[1]) == pytest.approx(160000.3)
        assert np.isfinite(tape.gradient(losses, embeddings)).all()

    def test_a_graph_with_one_person_has_no_loss_and_no_nan(self):
        graph = tf.function(misranking_loss, input_signature=[
            tf.TensorSpec([None, 2]), tf.TensorSpec([None], tf.int32)
        ])  # fmt: skip
        np.testing.assert_array_equal(graph(tf.eye(2), tf.constant([4, 4])), [0, 0])

    @pytest.mark.parametrize(
        "embeddings,pids,how,words",
        [
            (np.eye(2), [1, 1], {}, "at least two persons"),
            (np.eye(2), [1, 2], {"margin": -1.0}, "margin"),
            (np.eye(2), [1, 2, 3], {}, r"pids \[N\]"),
            (np.ones(2), [1, 2], {}, r"\[N, D\]"),
            (np.eye(2), [1, 2], {"other": np.eye(3)}, "same order"),
        ],
    )
    def test_wrong_arguments_get_a_sentence(self, embeddings, pids, how, words):
        with pytest.raises(ReIDError, match=words):
            misranking_loss(embeddings, pids, **how)

    def test_any_distance_can_be_mis_ranked(self):
        # Match 3 away, strangers 1 and 2 away: 2 - 3 + 2.
        distance = np.full([4, 4], 9.0) - 9 * np.eye(4)
        distance[0] = [0, 3, 1, 2]
        assert float(misranking_of_distances(distance, [5, 5, 6, 7], margin=2.0)[0]) == 1.0


def test_guarded_log_has_no_gradient_at_zero():
    for value, expected in [(0.0, 0.0), (2.0, 0.5)]:
        loss = tf.Variable(value)
        with tf.GradientTape() as tape:
            logarithm = guarded_log(loss)
        assert np.isfinite(logarithm) and float(tape.gradient(logarithm, loss)) == expected


class TestMisclassification:
    def test_equals_the_released_sum_and_mean(self, golden):
        losses = misclassification_loss(
            golden["logits"],
            golden["logits"],
            golden["labels"],
            smoothing=float(golden["smoothing"]),
        )
        assert float(tf.reduce_sum(losses)) == pytest.approx(
            float(golden["misclassification_sum"]), rel=1e-5
        )
        assert float(tf.reduce_mean(losses)) == pytest.approx(
            float(golden["misclassification_mean"]), rel=1e-5
        )

    def test_arithmetic_of_one_image(self):
        # Equal adversarial scores: log 3 whatever the target, which sums to 1.
        loss = misclassification_loss([[2.0, 2.0, 2.0]], [[3.0, 1.0, 2.0]], [0])
        np.testing.assert_allclose(loss, [np.log(3)], rtol=1e-6)
        # Without smoothing the least likely of the clean scores is the target.
        sure = misclassification_loss([[0.0, 9.0, 0.0]], [[3.0, 1.0, 2.0]], [0], smoothing=0.0)
        assert float(sure[0]) < 1e-3

    @settings(max_examples=30, deadline=None)
    @given(
        shape=st.tuples(st.integers(1, 5), st.integers(2, 8)),
        seed=st.integers(0, 2**32 - 1),
        smoothing=st.sampled_from([0.0, 0.1, 0.5]),
    )
    def test_equals_a_loop(self, shape, seed, smoothing):
        rng = np.random.default_rng(seed)
        adversarial, clean = rng.normal(scale=3, size=(2, *shape))
        labels = rng.integers(0, shape[1], shape[0])
        expected = []
        for row, before, label in zip(adversarial, clean, labels, strict=True):
            target = np.full(shape[1], smoothing / (shape[1] - 1))
            target[label] = 0.0
            target[before.argmin()] += 1 - smoothing
            expected.append(-(target * (row - np.log(np.exp(row).sum()))).sum())
        losses = misclassification_loss(adversarial, clean, labels, smoothing=smoothing)
        np.testing.assert_allclose(losses, expected, rtol=1e-4, atol=1e-4)

    def test_the_clean_scores_are_a_constant_and_half_precision_stays_finite(self):
        adversarial = tf.Variable([[6e4, -6e4], [-6e4, 6e4]], dtype=tf.float16)
        clean = tf.Variable([[1.0, 0.0], [0.0, 1.0]])
        with tf.GradientTape() as tape:
            losses = misclassification_loss(adversarial, clean, [0, 0])
        assert losses.dtype == tf.float32 and np.isfinite(losses).all()
        gradient, none = tape.gradient(losses, [adversarial, clean])
        assert none is None and np.isfinite(gradient).all()

    def test_an_identity_outside_the_classes_is_nan(self):
        losses = misclassification_loss(np.zeros([2, 3]), np.zeros([2, 3]), [0, 3])
        assert np.isfinite(losses[0]) and np.isnan(losses[1])

    @pytest.mark.parametrize(
        "adversarial,clean,pids,smoothing,words",
        [
            (np.zeros([2, 3]), np.zeros([2, 3]), [0, 1], 1.0, "share"),
            (np.zeros([2, 3]), np.zeros([2, 4]), [0, 1], 0.1, "clean ones"),
            (np.zeros([3]), np.zeros([3]), [0], 0.1, r"\[N, K\]"),
            (np.zeros([2, 1]), np.zeros([2, 1]), [0, 0], 0.1, "two identities"),
        ],
    )
    def test_wrong_arguments_get_a_sentence(self, adversarial, clean, pids, smoothing, words):
        with pytest.raises(ReIDError, match=words):
            misclassification_loss(adversarial, clean, pids, smoothing=smoothing)
