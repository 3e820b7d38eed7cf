"""A loaded model as a victim: what it says, in inference mode, each image by itself."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_reid.misrank import as_victim
from keras_reid.models import build_reid_model, load_model

SIZE = (32, 16)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model whose batch normalisation has seen something, and the LoadedModel of its file."""
    keras.utils.set_random_seed(1)
    model = build_reid_model("small", SIZE, 5, alpha=0.5)
    for seed in range(3):
        model.network(3 * tf.random.stateless_uniform([8, *SIZE, 3], [seed, 0]), training=True)
    path = tmp_path_factory.mktemp("model") / "model.keras"
    model.save(str(path))
    return model, load_model(path)


def test_says_what_the_network_says_in_inference_mode(trained):
    model, loaded = trained
    victim = as_victim(loaded)
    seen = tf.random.stateless_uniform([4, *SIZE, 3], [7, 7])
    embeddings, logits = victim.outputs(seen)
    told = model.network(seen, training=False)
    np.testing.assert_allclose(embeddings, told["embedding"], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(logits, told["logits"], rtol=1e-5, atol=1e-5)
    alone = victim.outputs(seen[:1])
    np.testing.assert_allclose(alone[0], embeddings[:1], rtol=1e-4, atol=1e-5)
    assert victim.num_classes == 5 and victim.distance is None


def test_is_not_changed_by_being_asked(trained):
    loaded = trained[1]
    victim, before = as_victim(loaded), [np.array(v) for v in loaded.model.variables]
    for seed in range(2):
        victim.outputs(tf.random.stateless_uniform([4, *SIZE, 3], [seed, 1]))
    for now, then in zip(loaded.model.variables, before, strict=True):
        np.testing.assert_array_equal(np.array(now), then)
