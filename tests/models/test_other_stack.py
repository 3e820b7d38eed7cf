"""Files of the other Keras, made here from our own: `make test-border` has real ones."""

import json
import zipfile

import h5py
import numpy as np
import pytest

from keras_reid import compat
from keras_reid.errors import ReIDError
from keras_reid.models import build_reid_model, load_model, load_weights
from keras_reid.models.other_stack import from_other_stack, keras_version

SIZE = (32, 16)
THERE = next(group for group in compat.NETWORK_GROUPS if group != compat.NETWORK_GROUP)
ELSEWHERE = "2.15.0" if compat.KERAS_3 else "3.15.1"


@pytest.fixture(scope="module")
def model():
    return build_reid_model("small", SIZE, 5)


def rename(path):
    """Moves the weights to where the other Keras keeps them."""
    with h5py.File(path, "r+") as file:
        file.move(compat.NETWORK_GROUP, THERE)


def keras_file(model, path, version=ELSEWHERE, change=lambda config: None):
    """A .keras as the other stack would have written it."""
    own, weights = path.with_name("own.keras"), path.with_name("model.weights.h5")
    model.save(own)
    with zipfile.ZipFile(own) as archive:
        config = json.loads(archive.read("config.json"))
        weights.write_bytes(archive.read("model.weights.h5"))
    rename(weights)
    change(config)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": version}))
        archive.write(weights, "model.weights.h5")
    return path


def same(one, other):
    for here, there in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(here, there)


def test_a_weights_file_is_renamed_in_a_copy(model, tmp_path):
    path = tmp_path / "there.weights.h5"
    model.save_weights(str(path))
    rename(path)
    before = path.read_bytes()
    other = build_reid_model("small", SIZE, 5)
    load_weights(other, path)
    same(model, other)
    assert path.read_bytes() == before


def test_a_keras_file_is_opened_from_its_configuration(model, tmp_path):
    path = keras_file(model, tmp_path / "there.keras")
    assert keras_version(path) == ELSEWHERE
    same(model, load_model(path).model)


def test_our_own_file_is_left_to_keras(model, tmp_path):
    model.save(tmp_path / "own.keras")
    assert from_other_stack(tmp_path / "own.keras") is None


def test_somebody_elses_model_says_which_keras_wrote_it(model, tmp_path):
    def foreign(config):
        config.update(module="somebody", class_name="Theirs", registered_name=None)

    path = keras_file(model, tmp_path / "theirs.keras", change=foreign)
    with pytest.raises(ReIDError, match=f"Keras {ELSEWHERE} wrote it .* as a SavedModel"):
        load_model(path)


@pytest.mark.parametrize("metadata", ['{"keras_version": null}', "[]", "{}", "no json"])
def test_an_odd_file_is_told(tmp_path, metadata):
    path = tmp_path / "odd.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("metadata.json", metadata)
    with pytest.raises(ReIDError, match="cannot be loaded as a Keras model"):
        load_model(path)


def test_a_model_of_a_later_keras_reid_is_told(model, tmp_path):
    def unknown(config):
        config.update(registered_name="keras_reid>Later")

    path = keras_file(model, tmp_path / "later.keras", change=unknown)
    with pytest.raises(ReIDError, match="keras_reid>Later is no model of this version"):
        load_model(path)


def test_a_damaged_file_of_the_other_stack_is_told(model, tmp_path):
    path = keras_file(model, tmp_path / "there.keras")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ReIDError, match="cannot be loaded as a Keras model"):
        load_model(path)
