"""The guides of a batch, against NumPy, on the golden embedder."""

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.attacks import furthest_negative_guides
from keras_reid.attacks.objectives import merge, push_pull
from keras_reid.defenses import Guiding, MemoryBank, view_weights
from keras_reid.errors import ReIDError
from tests.attacks.embedders import IMAGES, PIDS, embed

LABELS = np.unique(PIDS, return_inverse=True)[1]
COUNTS = np.bincount(LABELS)
EMBEDDINGS = embed(tf.constant(IMAGES)).numpy()


def views_of(rows):
    """(views, labels) of rows of indices, each an image and its guides."""
    rows = np.asarray(rows)
    return tf.constant(IMAGES[rows]), tf.constant(LABELS[rows], tf.int32)


def rows_with(num_push, num_pull):
    """A row an image: others of its person, then images of the next person, filled up."""
    rows = []
    for image, label in enumerate(LABELS):
        same = [other for other in np.flatnonzero(LABELS == label) if other != image]
        next_one = np.flatnonzero(LABELS == (label + 1) % len(COUNTS))
        pushes = [*same, *[image] * num_push][:num_push]
        pulls = np.resize(next_one, num_pull) if num_pull else []
        rows.append([image, *pushes, *pulls])
    return rows


def objective(guides, at):
    return push_pull(tf.constant(at), merge(guides, "l2"), "l2").numpy()


def bank():
    made = MemoryBank(LABELS, EMBEDDINGS.shape[1])
    made.refresh(EMBEDDINGS)
    return made


@pytest.mark.parametrize(("num_push", "num_pull"), [(1, 0), (0, 1), (4, 1), (2, 3), (9, 9)])
def test_sampled_guides_by_loop_and_in_one_pass(num_push, num_pull):
    rows, calls = np.array(rows_with(num_push, num_pull)), []

    def counting(images):
        calls.append(images.shape[0])
        return embed(images)

    guiding = Guiding(
        attack="pgd", num_push=num_push, num_pull=num_pull, pull="bank", counts=COUNTS
    )
    guides = guiding(counting, *views_of(rows))
    assert calls == [len(rows) * (num_push + num_pull)]
    at = EMBEDDINGS + np.random.default_rng(1).normal(size=EMBEDDINGS.shape).astype(np.float32)
    wanted = np.zeros(len(rows))
    for place, (image, *guiding_images) in enumerate(rows):
        others = [i for i in guiding_images[:num_push] if i != image] or (
            [image] if num_push else []
        )
        pulls = set(guiding_images[num_push:])
        wanted[place] += sum(np.sum((at[place] - EMBEDDINGS[i]) ** 2) for i in others)
        wanted[place] -= sum(np.sum((at[place] - EMBEDDINGS[i]) ** 2) for i in pulls)
    np.testing.assert_allclose(objective(guides, at), wanted, rtol=1e-3, atol=1e-3)


def test_fna_takes_everybody_and_leaves_the_image_out():
    guiding = Guiding(attack="fna", num_push=0, num_pull=0, pull="bank", counts=COUNTS)
    assert guiding.needs_bank and guiding.sampled_push == guiding.sampled_pull == 0
    guides = guiding(embed, *views_of(rows_with(0, 0)), tf.constant(bank().prototypes))
    wanted = furthest_negative_guides(EMBEDDINGS, PIDS)
    for found, exact in zip(guides, wanted, strict=True):
        np.testing.assert_allclose(found, exact, rtol=1e-4, atol=1e-4)


def test_the_prototype_of_the_furthest_person_weighs_as_many_images():
    guiding = Guiding(attack="pgd", num_push=1, num_pull=3, pull="prototype", counts=COUNTS)
    assert guiding.needs_bank and guiding.sampled_pull == 0
    made = bank()
    guides = guiding(embed, *views_of(rows_with(1, 0)), tf.constant(made.prototypes))
    np.testing.assert_allclose(guides.pull[:, 0], made.prototypes.numpy()[made.furthest], rtol=1e-5)
    assert (guides.pull_weight.numpy() == 3).all() and guides.pull_weight.shape == (len(LABELS), 1)


@pytest.mark.parametrize(("pull", "own"), [("batch", False), ("batch_with_own", True)])
def test_the_batch_offers_its_furthest(pull, own):
    guiding = Guiding(attack="pgd", num_push=0, num_pull=1, pull=pull, counts=COUNTS)
    assert not guiding.needs_bank
    guides = guiding(embed, *views_of(rows_with(0, 0)))
    for row, vector in enumerate(EMBEDDINGS):
        allowed = EMBEDDINGS if own else EMBEDDINGS[LABELS != LABELS[row]]
        furthest = allowed[np.argmax(np.linalg.norm(allowed - vector, axis=1))]
        np.testing.assert_allclose(guides.pull[row, 0], furthest, rtol=1e-5)
    assert guides.push is None


def test_attacks_that_make_their_own_guides_get_none():
    for attack in ("sma", "odfa"):
        guiding = Guiding(attack=attack, num_push=0, num_pull=0, pull="bank", counts=COUNTS)
        assert guiding(embed, *views_of(rows_with(0, 0))) is None
    guiding = Guiding(attack="xent", num_push=0, num_pull=0, pull="bank", counts=COUNTS)
    classes = guiding(embed, *views_of(rows_with(0, 0))).push
    np.testing.assert_array_equal(classes[:, 0], np.eye(len(COUNTS))[LABELS])


def test_what_only_fills_up_weighs_nothing():
    counts = np.array([1, 3, 9])
    labels = np.array([[0, 0, 0, 1, 1], [1, 1, 1, 0, 0], [2, 2, 2, 1, 1]])
    push, pull = view_weights(labels, counts, 2, 2)
    # Someone alone is pushed once, from another view of itself.
    np.testing.assert_array_equal(push, [[1, 0], [1, 1], [1, 1]])
    np.testing.assert_array_equal(pull, [[1, 1], [1, 0], [1, 1]])


def test_an_unknown_source_is_refused():
    with pytest.raises(ReIDError, match="pull 'nowhere' is unknown"):
        Guiding(attack="pgd", num_push=1, num_pull=1, pull="nowhere", counts=COUNTS)
