"""SavedModels of others, and what only looks like ours."""

import json

import pytest
import tensorflow as tf

from export.images import random_images
from export.publishing.findings import Settings
from export.publishing.infra import validate
from export.publishing.layout import find_export
from keras_reid.errors import ReIDError
from tests.export.models import SIZE
from tests.export.publishing.fakes import everything
from tests.export.publishing.records import records
from tests.export.publishing.runners import InProcessRunner

SETTINGS = Settings(batch_sizes=(1, 3), steps=3, timeout=60)


class Foreign(tf.Module):
    """Signatures as others write them."""

    def __init__(self, told=None):
        super().__init__()
        self.weights = tf.Variable(2.0)
        self.told = told or "nothing"

    @tf.function(input_signature=[tf.TensorSpec([None, *SIZE, 3], tf.float32, "pictures")])
    def embed(self, pictures):
        return {"out": self.weights * tf.reduce_mean(pictures, axis=[1, 2])}

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, "a")])
    def vectors(self, a):
        return {"b": a * self.weights}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "request")])
    def describe(self, request):
        return {"description": tf.fill(tf.shape(request), self.told)}


def save(module, path, *names):
    tf.saved_model.save(module, str(path), signatures={n: getattr(module, n) for n in names})


def test_a_foreign_savedmodel_is_checked_as_far_as_it_is_understood(tmp_path):
    save(Foreign(), tmp_path / "m/theirs/5", "embed", "vectors")
    export = find_export(tmp_path / "m/theirs/5")
    findings = validate(
        export, InProcessRunner, random_images, SETTINGS, say=lambda line: None, origin={}
    )  # fmt: skip
    assert findings.blessed and findings.not_checked == ["theirs vectors"]
    assert records(export.main) == [("embed", 1), ("embed", 3)]
    assert json.loads((export.main / "INFRA_BLESSED").read_text())["not_checked"]


def version_99():
    return Foreign(json.dumps({"contract_version": 99}))


@pytest.mark.parametrize(
    "module,names,said",
    [
        (lambda: tf.Module(), (), "has no signature"),
        (version_99, ("describe",), "version 99 of the contract"),
        (lambda: Foreign("no json"), ("describe",), "describes itself in no known way"),
        (Foreign, ("vectors",), "none can be checked"),
    ],
)
def test_a_savedmodel_that_cannot_be_tried(tmp_path, module, names, said):
    save(module(), tmp_path / "m/theirs/5", *names)
    before = everything(tmp_path)
    with pytest.raises(ReIDError, match=said):
        export = find_export(tmp_path / "m/theirs/5")
        validate(export, InProcessRunner, random_images, SETTINGS, origin={})
    assert everything(tmp_path) == before
