"""Who guides whom: properties over random data sets, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_reid.data.identity_batches import IdentityBatches, ShuffledBatches
from keras_reid.defenses import GuideBatches, check_guide_counts, short_of_pushes
from keras_reid.errors import ReIDError


@st.composite
def guided(draw):
    """(labels, furthest, num_push, num_pull, sampler over people with one to seven images each)."""
    counts = draw(st.lists(st.integers(1, 7), min_size=2, max_size=9).filter(lambda c: max(c) > 1))
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    furthest = (labels + draw(st.integers(1, len(counts) - 1))) % len(counts)
    num_push, num_pull = draw(st.integers(0, max(counts) - 1)), draw(st.integers(0, 4))
    seed = draw(st.integers(0, 2**31 - 1))
    inner = ShuffledBatches(len(labels), draw(st.integers(1, len(labels))), seed)
    sampler = GuideBatches(
        inner, labels, num_push=num_push, num_pull=num_pull, furthest=furthest
    )  # fmt: skip
    return labels, furthest, num_push, num_pull, inner, sampler


@settings(deadline=None)
@given(guided(), st.integers(0, 10**6))
def test_guides_are_whose_they_should_be(case, step):
    labels, furthest, num_push, num_pull, inner, sampler = case
    rows = sampler.indices(step).reshape(-1, 1 + num_push + num_pull)
    assert rows.size == sampler.batch_size and rows.shape[1] == sampler.views
    np.testing.assert_array_equal(rows[:, 0], inner.indices(step))
    for row in rows:
        image, pushes, pulls = row[0], row[1 : 1 + num_push], row[1 + num_push :]
        others = (labels == labels[image]).sum() - 1
        real = pushes[: min(num_push, others)]
        assert (labels[real] == labels[image]).all() and image not in real
        assert len(set(real)) == len(real)
        assert (pushes[len(real) :] == image).all()
        assert (labels[pulls] == furthest[image]).all()
        there = (labels == furthest[image]).sum()
        assert len(set(pulls)) == min(num_pull, there)


@settings(deadline=None)
@given(guided(), st.integers(0, 10**6))
def test_a_step_is_a_pure_function(case, step):
    sampler = case[-1]
    first = sampler.indices(step)
    sampler.indices(step + 1)
    np.testing.assert_array_equal(sampler.indices(step), first)


def test_every_other_image_pushes_sooner_or_later():
    labels = np.repeat([0, 1], 5)
    sampler = GuideBatches(IdentityBatches(labels, 1, 1, 3), labels, num_push=2, num_pull=0)
    pushed = {}
    for step in range(200):
        image, *pushes = sampler.indices(step)
        pushed.setdefault(image, set()).update(pushes)
    for image, pushes in pushed.items():
        assert pushes == set(np.flatnonzero(labels == labels[image])) - {image}


@pytest.mark.parametrize(("labels", "n_push", "n_pull", "sentence"), [
    ([0, 0, 0], 1, 1, "n_pull=1 needs a second person"),
    ([0, 0, 1, 1, 1], 3, 0, "n_push=3 needs a person with 4 images.*more than 3; take n_push=2"),
    ([0, 0, 1, 1], -1, 0, "must not be negative"),
])  # fmt: skip
def test_guides_that_nobody_has_are_refused(labels, n_push, n_pull, sentence):
    with pytest.raises(ReIDError, match=sentence):
        check_guide_counts(np.array(labels), n_push, n_pull)


def test_people_short_of_pushes_are_counted():
    assert short_of_pushes(np.array([0, 0, 0, 1, 1, 2]), 2) == (1, 1)
    assert short_of_pushes(np.array([0, 0, 0, 1, 1, 2]), 1) == (0, 1)
