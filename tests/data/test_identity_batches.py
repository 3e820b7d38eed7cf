import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_reid.data.identity_batches import IdentityBatches, ShuffledBatches
from keras_reid.errors import ReIDError


@st.composite
def samplers(draw):
    """A sampler over people with one to seven images each, pids in no order."""
    counts = draw(st.lists(st.integers(1, 7), min_size=2, max_size=20))
    pids = draw(st.permutations(range(len(counts))))
    labels = np.repeat(pids, counts)
    persons = draw(st.integers(1, len(counts)))
    images_each = draw(st.integers(1, max(1, len(labels) // persons)))
    labels = np.random.default_rng(0).permutation(labels)
    sampler = IdentityBatches(labels, persons, images_each, seed=draw(st.integers(0, 2**40)))
    return labels, sampler


@settings(deadline=None)
@given(samplers(), st.integers(0, 10**6))
def test_a_batch_holds_p_people_and_k_images_of_each(labels_and_sampler, step):
    labels, sampler = labels_and_sampler
    indices = sampler.indices(step).reshape(sampler.persons, sampler.images_each)
    people = labels[indices]
    assert (people == people[:, :1]).all()
    assert len(set(people[:, 0])) == sampler.persons


@settings(deadline=None)
@given(samplers(), st.integers(0, 10**6))
def test_images_repeat_only_as_often_as_they_must(labels_and_sampler, step):
    labels, sampler = labels_and_sampler
    for row in sampler.indices(step).reshape(sampler.persons, sampler.images_each):
        available = (labels == labels[row[0]]).sum()
        uses = np.bincount(row)[np.unique(row)]
        assert len(uses) == min(available, sampler.images_each)
        assert uses.max() - uses.min() <= 1


@settings(deadline=None)
@given(samplers(), st.integers(1, 60))
def test_after_any_step_everybody_was_shown_equally_often_give_or_take_one(
    labels_and_sampler, steps
):
    labels, sampler = labels_and_sampler
    shown = np.zeros(labels.max() + 1, int)
    for step in range(steps):
        shown[np.unique(labels[sampler.indices(step)])] += 1
    assert shown.max() - shown.min() <= 1


@settings(deadline=None)
@given(samplers(), st.integers(0, 10**6))
def test_a_batch_depends_on_seed_and_step_alone(labels_and_sampler, step):
    labels, sampler = labels_and_sampler
    other = IdentityBatches(labels, sampler.persons, sampler.images_each, sampler.seed)
    other.indices(step + 1)
    np.testing.assert_array_equal(other.indices(step), sampler.indices(step))


def test_batches_stay_what_they_are():
    # A stored figure: the same seed must mean the same run on every machine and NumPy.
    sampler = IdentityBatches([1, 1, 1, 2, 2, 3, 3, 3, 3], persons=2, images_each=2, seed=7)
    drawn = [sampler.indices(step).tolist() for step in range(3)]
    assert drawn == [[1, 2, 5, 6], [4, 3, 7, 8], [4, 3, 2, 0]]
    assert ShuffledBatches(9, 4, seed=7).indices(3).tolist() == [4, 0, 5, 3]


def test_seeds_and_steps_differ():
    labels = np.repeat(np.arange(50), 4)
    one, other = (IdentityBatches(labels, 8, 2, seed=seed) for seed in (0, 1))
    assert one.indices(0).tolist() != other.indices(0).tolist()
    assert one.indices(0).tolist() != one.indices(1).tolist()


def test_an_epoch_shows_as_many_images_as_there_are():
    # Market-1501: 12,936 images in batches of 16 x 4.
    labels = np.arange(12936) % 751
    assert IdentityBatches(labels, 16, 4).steps_per_epoch == 12936 // 64


def test_batches_larger_than_the_data_are_refused():
    with pytest.raises(
        ReIDError, match="batch of 3 people needs as many identities; the data has 2"
    ):
        IdentityBatches([1, 1, 2, 2], persons=3, images_each=1)
    with pytest.raises(ReIDError, match="batch of 2 people x 3 images is larger than the data"):
        IdentityBatches([1, 1, 2, 2], persons=2, images_each=3)
    with pytest.raises(ReIDError, match="batch of 5 images is larger than the data, which has 4"):
        ShuffledBatches(4, 5)


def test_empty_batches_and_negative_seeds_are_refused():
    with pytest.raises(ReIDError, match="0 people x 4 images is empty"):
        IdentityBatches([1, 2], persons=0, images_each=4)
    with pytest.raises(ReIDError, match="batch of 0 images is empty"):
        ShuffledBatches(4, 0)
    with pytest.raises(ReIDError, match="seed is -1"):
        IdentityBatches([1, 2], persons=1, images_each=1, seed=-1)
    with pytest.raises(ReIDError, match="seed is -1"):
        ShuffledBatches(4, 2, seed=-1)


@settings(deadline=None)
@given(st.integers(1, 40), st.data(), st.integers(0, 100), st.integers(0, 2**40))
def test_an_epoch_shows_no_image_twice(count, data, epoch, seed):
    sampler = ShuffledBatches(count, data.draw(st.integers(1, count)), seed)
    first = epoch * sampler.steps_per_epoch
    steps = range(first, first + sampler.steps_per_epoch)
    shown = np.concatenate([sampler.indices(step) for step in steps])
    assert len(set(shown.tolist())) == len(shown) == sampler.steps_per_epoch * sampler.batch_size
