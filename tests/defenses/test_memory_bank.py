"""The furthest person and the furthest of a batch, against loops."""

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.defenses import MemoryBank
from keras_reid.defenses.memory_bank import furthest_of_batch, furthest_prototypes
from keras_reid.errors import ReIDError

RNG = np.random.default_rng(0)
LABELS = RNG.permutation(np.repeat(np.arange(7), [1, 2, 3, 4, 5, 6, 7]))
EMBEDDINGS = RNG.normal(size=(len(LABELS), 5))


def means(embeddings):
    return np.array([embeddings[LABELS == person].mean(axis=0) for person in range(7)])


def furthest_by_loop(vector, own, prototypes):
    others = [person for person in range(7) if person != own]
    return max(others, key=lambda person: np.linalg.norm(vector - prototypes[person]))


def test_the_bank_finds_the_furthest_other_person():
    bank = MemoryBank(LABELS, 5)
    bank.refresh(EMBEDDINGS)
    np.testing.assert_allclose(bank.prototypes.numpy(), means(EMBEDDINGS), rtol=1e-5)
    wanted = [
        furthest_by_loop(vector, own, means(EMBEDDINGS))
        for vector, own in zip(EMBEDDINGS, LABELS, strict=True)
    ]
    np.testing.assert_array_equal(bank.furthest, wanted)
    assert (bank.furthest != LABELS).all()
    bank.refresh(-EMBEDDINGS)  # what was found before is forgotten
    np.testing.assert_array_equal(bank.furthest, wanted)
    np.testing.assert_allclose(bank.prototypes.numpy(), -means(EMBEDDINGS), rtol=1e-5)


def test_the_graph_finds_the_same():
    prototypes = means(EMBEDDINGS).astype(np.float32)
    found = furthest_prototypes(
        tf.constant(EMBEDDINGS, tf.float32), tf.constant(LABELS), tf.constant(prototypes)
    )
    bank = MemoryBank(LABELS, 5)
    bank.refresh(EMBEDDINGS)
    np.testing.assert_array_equal(found, bank.furthest)


@pytest.mark.parametrize("count", [1, 3, 25])
def test_the_furthest_of_the_batch(count):
    embeddings = EMBEDDINGS.astype(np.float32)
    others = LABELS[:, None] != LABELS[None]
    pull, weight = furthest_of_batch(tf.constant(embeddings), tf.constant(others), count)
    for row, vector in enumerate(embeddings):
        candidates = embeddings[others[row]]
        far = candidates[np.argsort(-np.linalg.norm(candidates - vector, axis=1))][:count]
        assert weight[row].numpy().sum() == len(far)
        np.testing.assert_allclose(pull[row].numpy()[: len(far)], far, rtol=1e-5)


def test_one_person_or_nan_is_refused():
    with pytest.raises(ReIDError, match="only one"):
        MemoryBank(np.zeros(4, int), 5)
    with pytest.raises(ReIDError, match="NaN"):
        MemoryBank(LABELS, 5).refresh(EMBEDDINGS * np.nan)
