"""Cells on disk: found again, never mixed up, recomputed when damaged."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.evaluation import cells
from keras_reid.evaluation.cells import CellStore, Content, data_identity
from tests.evaluation.people import colour_model, write_people

FACTS = {"attack": "sma", "epsilon_255": 5.0, "rows": (1, 2)}
CONTENT = Content({"seconds": 1.5}, {"average_precision": np.array([0.5, np.nan])})


@pytest.fixture
def store(tmp_path):
    told = []
    store = CellStore(tmp_path / "cells", told.append)
    store.told = told
    return store


def test_what_was_put_is_found_under_the_same_facts_only(store):
    assert store.get(FACTS) is None
    store.put(FACTS, CONTENT)
    found = store.get(dict(reversed(FACTS.items())))
    assert found.words == {"seconds": 1.5}
    np.testing.assert_array_equal(
        found.arrays["average_precision"], CONTENT.arrays["average_precision"]
    )
    assert store.get({**FACTS, "epsilon_255": 8.0}) is None
    assert not store.told


def test_another_version_of_the_code_reads_nothing(store, monkeypatch):
    store.put(FACTS, CONTENT)
    monkeypatch.setattr(cells, "SCHEMA", cells.SCHEMA + 1)
    assert store.get(FACTS) is None


@pytest.mark.parametrize("keep", [0, 10, 200, -30])
def test_a_damaged_cell_is_told_of_and_not_used(store, keep):
    store.put(FACTS, CONTENT)
    path = store.path(FACTS)
    path.write_bytes(path.read_bytes()[:keep])
    assert store.get(FACTS) is None
    assert len(store.told) == 1 and str(path) in store.told[0]


def test_a_cell_under_another_name_is_not_believed(store):
    store.put(FACTS, CONTENT)
    other = {**FACTS, "attack": "fna"}
    store.path(FACTS).rename(store.path(other))
    assert store.get(other) is None and len(store.told) == 1


def test_models_of_one_file_or_one_set_of_weights_are_told_apart(store):
    model = colour_model()
    name = store.name_of(model)
    others = [
        dataclasses.replace(model, fingerprint="d" * 16),
        dataclasses.replace(model, embed=lambda images: 1.1 * model.embed(images) ** 3),
        dataclasses.replace(model, embed=lambda images: model.embed(2 * images - 1)),
    ]
    # A mask taken off: the same answers, and a gradient where there was none.
    others.append(dataclasses.replace(model, embed=lambda x: tf.stop_gradient(model.embed(x))))
    names = {name, *map(store.name_of, others)}
    assert len(names) == 1 + len(others)
    # Kernels round differently from run to run, for instance on a GPU.
    noise = np.random.default_rng(0).normal(0, 1e-5, (2, 12)).astype(np.float32)
    assert store.name_of(dataclasses.replace(model, embed=lambda x: model.embed(x) + noise)) == name
    assert {name, *map(store.name_of, others)} == names


def test_damaged_answers_are_told_of_and_written_anew(store):
    model = colour_model()
    name = store.name_of(model)
    (path,) = (store.folder / "models").glob("*.npz")
    path.write_bytes(b"half")
    assert store.name_of(model) == name  # the name that equal answers give
    assert len(store.told) == 1 and str(path) in store.told[0]
    assert store.name_of(model) == name and len(store.told) == 1


def test_data_in_another_order_is_other_data(tmp_path):
    dataset = write_people(tmp_path)
    turned = dataclasses.replace(dataset, query=dataset.query[::-1])
    assert dataset.fingerprint() == turned.fingerprint()
    assert data_identity(dataset) != data_identity(turned)
