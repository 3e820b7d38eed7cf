"""Held-out people as a data set of their own."""

import numpy as np
import pytest

from keras_reid.data.held_out import held_out_dataset, hold_out_identities
from keras_reid.data.records import Dataset, Record
from keras_reid.errors import ReIDError


def dataset(people=20, tmp="x"):
    """Three cameras a person, two images each, and a test split of others."""
    train = [
        Record(f"{tmp}/{pid}_{camid}_{image}.jpg", pid, camid, "train")
        for pid in range(people)
        for camid in (1, 2, 3)
        for image in (0, 1)
    ]
    test = [Record(f"{tmp}/q.jpg", 99, 1, "query"), Record(f"{tmp}/g.jpg", 99, 2, "gallery")]
    return Dataset.from_records("people", tmp, train + test)


def test_queries_are_one_of_each_person_and_camera_and_nobody_was_trained_on():
    whole = dataset()
    found = held_out_dataset(whole, share=0.1, seed=3)
    trained, held = hold_out_identities(whole.train, 0.1, 3)
    assert found.gallery == held and found.train == () and found.junk == ()
    # Two of twenty people, seen by three cameras: six queries, twelve images.
    assert len(found.gallery) == 12
    assert len({(record.pid, record.camid) for record in found.query}) == len(found.query) == 6
    assert not {record.pid for record in found.gallery} & {record.pid for record in trained}
    assert not {record.pid for record in found.gallery} & {99}


def test_another_seed_holds_out_other_people():
    people = [
        {record.pid for record in held_out_dataset(dataset(), 0.1, seed).gallery}
        for seed in range(5)
    ]
    assert len(np.unique([sorted(group) for group in people], axis=0)) > 1


def test_a_training_that_held_out_nobody():
    with pytest.raises(ReIDError, match="held out nobody; measure on the test split"):
        held_out_dataset(dataset(), 0, 0)
