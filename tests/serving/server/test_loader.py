"""The session shows, without a server, what TensorFlow Serving would do with a SavedModel."""

import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_reid import compat
from serving.server.errors import StatusError
from serving.server.loader import LoadedModel
from tests import stacks
from tests.serving.server import tiny_models
from tests.serving.server.clients import floats


class Wrapped(tf.Module):
    """A Keras model behind a signature, holding on to what it is given."""

    def __init__(self, model, held):
        super().__init__()
        self.held = held
        self.affine = tf.function(
            lambda x: {"y": model(x)},
            input_signature=[tiny_models.spec([None, 2], tf.float32, "x")],
        )


def run(path, x):
    model = LoadedModel(path)
    signature = model.signatures["serving_default"]
    try:
        (y,) = model.run({signature.inputs["x"].name: x}, [signature.outputs["y"].name])
    finally:
        model.close()
    return y


@pytest.fixture
def keras_model():
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])


@stacks.main_only  # Keras 2 variables are raw tf.Variables: there is no trap
@pytest.mark.parametrize("held", ["the model", "its variables"])
def test_a_keras_object_in_the_module_fails_here_as_it_does_in_tf_serving(
    keras_model, held, tmp_path
):
    x = floats([1, 2])
    module = Wrapped(keras_model, keras_model if held == "the model" else keras_model.variables)
    path = tiny_models.save(module, tmp_path)
    # The trap: Python's own loader is content.
    served = tf.saved_model.load(str(path)).signatures["serving_default"](x=x)["y"]
    assert np.array_equal(served, keras_model(x))
    with pytest.raises(StatusError, match="Could not find variable") as caught:
        run(path, x)
    assert caught.value.code.name == "FAILED_PRECONDITION"


def test_raw_variables_in_the_module_work(keras_model, tmp_path):
    x = floats([1, 2])
    raw = [compat.raw_variable(variable) for variable in keras_model.variables]
    path = tiny_models.save(Wrapped(keras_model, raw), tmp_path)
    np.testing.assert_allclose(run(path, x), keras_model(x), rtol=1e-6)


def test_a_closed_model_leaves_nothing_behind(tmp_path):
    """Else each swap of versions would add a graph to the server's memory."""
    model = LoadedModel(tiny_models.save(tiny_models.Affine(), tmp_path))
    graph = weakref.ref(model._graph)
    model.close()
    assert graph() is None


def test_nothing_there_is_not_found(tmp_path):
    with pytest.raises(StatusError, match="does not appear to contain a SavedModel") as caught:
        LoadedModel(tmp_path)
    assert caught.value.code.name == "NOT_FOUND"


@pytest.mark.parametrize("damage", ["bad graph", "no variables", "other tags"])
def test_a_damaged_model_is_a_status_not_a_crash(tmp_path, damage):
    path = tiny_models.save(tiny_models.Affine(), tmp_path)
    if damage == "bad graph":
        (path / "saved_model.pb").write_bytes(b"\x0a\xff\xff\xff")
    elif damage == "no variables":
        for file in (path / "variables").iterdir():
            file.unlink()
    else:
        saved = (path / "saved_model.pb").read_bytes()
        (path / "saved_model.pb").write_bytes(saved.replace(b"serve", b"other", 1))
    with pytest.raises(StatusError):
        LoadedModel(path)
