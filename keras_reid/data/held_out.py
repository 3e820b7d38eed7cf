"""Training people set aside, to measure on without the test split."""

import collections
import dataclasses

import numpy as np

from keras_reid.data.records import pids_of, queries_without_match
from keras_reid.errors import ReIDError


def hold_out_identities(records, share, seed=0):
    """Parts training records by person: (to train on, held out).

    Args:
      share: of the identities to hold out, rounded, two at least; 0 holds out none.

    Raises:
      ReIDError: fewer than two identities would be left on either side, or nothing to measure.
    """
    if not share:
        return tuple(records), ()
    people = np.unique(pids_of(records))
    count = max(2, round(share * len(people)))
    if len(people) - count < 2:
        raise ReIDError(
            f"{len(people)} training identities are too few to hold out {count} for validation; "
            "pass --held_out=0 to train on all of them"
        )
    chosen = set(np.random.default_rng([seed, 7]).permutation(people)[:count].tolist())
    kept = tuple(record for record in records if record.pid not in chosen)
    held = tuple(record for record in records if record.pid in chosen)
    if queries_without_match(held, held).all():
        raise ReIDError(
            "no held-out person was seen by two cameras, so validation would be empty; "
            "pass --held_out=0 to train without it"
        )
    return kept, held


def held_out_dataset(dataset, share, seed):
    """A Dataset of the held-out people alone: one query a person and camera, all their images.

    dataset: Dataset. share, seed: as the training had them, or its people are other ones.
    """
    _, held = hold_out_identities(dataset.train, share, seed)
    if not held:
        raise ReIDError("the training held out nobody; measure on the test split")
    query = tuple(held[position] for position in one_of_each(held))
    return dataclasses.replace(dataset, train=(), query=query, gallery=held, junk=())


def one_of_each(records):
    """Positions of the first image of every (person, camera) that has a match elsewhere."""
    first = collections.OrderedDict()
    for position, record in enumerate(records):
        first.setdefault((record.pid, record.camid), position)
    positions = np.array(list(first.values()))
    unmatched = queries_without_match([records[i] for i in positions], records)
    return positions[~unmatched]
