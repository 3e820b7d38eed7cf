"""A version appears whole or not at all, and bad input ends in a sentence."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from export import savedmodel
from export.limits import Limits
from export.parity import description
from export.savedmodel import export_model, versions
from export.session import ServedModel
from keras_reid import files
from keras_reid.errors import ReIDError
from keras_reid.models import load_model
from tests import stacks
from tests.export.models import SIZE, make_linear, pixels


@pytest.fixture(scope="module")
def model():
    return make_linear()


def test_versions_follow_the_clock_and_never_repeat(model, tmp_path, monkeypatch):
    monkeypatch.setattr(savedmodel.time, "time", lambda: 1000.9)
    for expected in (1000, 1001):
        main, encoded = export_model(model, tmp_path, "reid", [], Limits())
        assert main == tmp_path / "reid" / str(expected)
        assert encoded == tmp_path / "reid_encoded" / str(expected)
    assert versions(tmp_path / "reid") == [1000, 1001]


def test_without_attacks_only_embed_and_describe_are_served(model, tmp_path):
    path, _ = export_model(model, tmp_path, "plain", [], Limits(), version=1)
    with ServedModel(path) as served:
        keys = set(served.signatures) - {"__saved_model_init_op"}
    assert keys == {"serving_default", "embed", "describe"}


@pytest.mark.parametrize("distance", ["euclidean", "aligned:1x2"])
def test_an_export_tells_what_its_embeddings_are_compared_by(model, distance, tmp_path):
    model = dataclasses.replace(model, distance=distance)
    path, _ = export_model(model, tmp_path, "reid", [], Limits(), version=1)
    assert load_model(path).distance == distance
    with ServedModel(path) as served:
        assert description(served)["distance"] == distance


def test_an_export_tells_which_weights_it_was_made_from(model, tmp_path):
    path, _ = export_model(model, tmp_path, "reid", [], Limits(), version=1)
    first = load_model(path)
    assert first.fingerprint != model.fingerprint == first.origin == first.identity
    # Also through a second export.
    again, _ = export_model(first, tmp_path, "again", [], Limits(), version=1)
    assert load_model(again).origin == model.fingerprint


def test_nothing_is_left_behind_when_saving_fails(model, tmp_path, monkeypatch):
    def full_disk(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(savedmodel.tf.saved_model, "save", full_disk)
    with pytest.raises(ReIDError, match="No space left"):
        export_model(model, tmp_path, "reid", [], Limits(), version=3)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert versions(tmp_path / "reid") == []


def test_a_draft_is_no_version_for_a_server_that_polls(model, tmp_path, monkeypatch):
    seen = []
    save = tf.saved_model.save

    def watched(module, path, **kwargs):
        save(module, path, **kwargs)
        seen.append([c.name for home in tmp_path.iterdir() for c in home.iterdir()])

    monkeypatch.setattr(savedmodel.tf.saved_model, "save", watched)
    export_model(model, tmp_path, "reid", [], Limits(), version=3)
    assert len(seen) == 2 and not any(name.isdecimal() for name in seen[0])


def test_a_read_only_place_is_named(model, tmp_path, monkeypatch):
    def read_only(**_):
        raise PermissionError(30, "Read-only file system")

    # Not by chmod: root may write anywhere, and tests often run as root.
    monkeypatch.setattr(files.tempfile, "mkdtemp", read_only)
    with pytest.raises(ReIDError, match="Read-only file system; choose a folder"):
        export_model(model, tmp_path, "reid", [], Limits())


def test_a_file_in_the_way_is_named(model, tmp_path):
    (tmp_path / "models").write_text("not a folder")
    with pytest.raises(ReIDError, match="cannot write"):
        export_model(model, tmp_path / "models", "reid", [], Limits())


@pytest.mark.parametrize("name", ["", "a/b", ".hidden"])
def test_bad_names(model, tmp_path, name):
    with pytest.raises(ReIDError, match="no folder name"):
        export_model(model, tmp_path, name, [], Limits())


def test_an_existing_version_is_not_overwritten(model, tmp_path):
    export_model(model, tmp_path, "reid", [], Limits(), version=5)
    with pytest.raises(ReIDError, match="exists already"):
        export_model(model, tmp_path, "reid", [], Limits(), version=5)


def test_a_closed_set_attack_needs_logits(model, tmp_path):
    with pytest.raises(ReIDError, match="xent attacks logits"):
        export_model(model, tmp_path, "reid", ["xent"], Limits())
    assert not list(tmp_path.rglob("*"))


def test_an_export_that_fails_its_check_is_never_visible(model, tmp_path):
    def refuse(draft):
        assert (draft / "saved_model.pb").exists() and not draft.parent.name.isdecimal()
        raise ReIDError("they differ")

    with pytest.raises(ReIDError, match="they differ"):
        export_model(model, tmp_path, "reid", [], Limits(), version=3, check=refuse)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    export_model(model, tmp_path, "reid", [], Limits(), version=3)


@pytest.mark.parametrize(
    "settings", [{"epsilon": 1.5}, {"epsilon": float("nan")}, {"steps": 0}, {"batch": -1}]
)
def test_bad_ceilings(settings):
    with pytest.raises(ReIDError, match="ceiling"):
        Limits(**settings)


@stacks.main_only
def test_the_v1_session_shows_the_fault_that_python_hides(tmp_path):
    """A module that tracks a Keras 3 model: fine in Python, broken in the server, so never ours."""
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.layers.Input((*SIZE, 3)), keras.layers.Flatten()])
    network.add(keras.layers.Dense(4))
    module = tf.Module()
    module.network = network
    spec = tf.TensorSpec([None, *SIZE, 3], tf.float32, name="images")
    function = tf.function(lambda images: {"out": network(images)}, input_signature=[spec])
    module.function = function
    tf.saved_model.save(module, str(tmp_path / "1"), signatures=function)
    images = pixels(1).astype(np.float32)
    python = tf.saved_model.load(str(tmp_path / "1")).signatures["serving_default"]
    np.testing.assert_allclose(python(images=images)["out"], network(images), rtol=1e-5)
    with pytest.raises((tf.errors.FailedPreconditionError, tf.errors.NotFoundError, ReIDError)):
        with ServedModel(tmp_path / "1") as served:
            served.run("serving_default", {"images": images})


def test_what_is_no_savedmodel_is_named(tmp_path):
    with pytest.raises(ReIDError, match="does not load as TF Serving would"):
        ServedModel(tmp_path)
