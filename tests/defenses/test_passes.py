"""The passes of an attack leave no trace in batch normalisation, and are float32."""

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.defenses import attack_passes, make_inner_attack
from keras_reid.errors import ReIDError
from keras_reid.models import build_reid_model

IMAGES = np.random.default_rng(0).random((4, 32, 16, 3), np.float32)
KEYS = np.arange(4, dtype=np.int64)


def attacked(model, batch_norm):
    """Three attack steps in a graph, as in a training step."""
    attack = make_inner_attack("sma", epsilon=8 / 255, steps=3)

    @tf.function
    def run(images):
        with attack_passes(model, batch_norm) as embed:
            return attack(embed, images, None, KEYS)

    return run(tf.constant(IMAGES)).numpy()


def moving(model):
    return [np.array(variable) for variable in model.network.non_trainable_variables]


@pytest.fixture(scope="module")
def model():
    tf.random.set_seed(0)
    return build_reid_model("small", (32, 16), 5)


@pytest.mark.parametrize("batch_norm", ["inference", "batch", "released"])
def test_only_the_released_way_moves_the_averages(model, batch_norm):
    before = moving(model)
    found = attacked(model, batch_norm)
    same = [np.array_equal(*pair) for pair in zip(before, moving(model), strict=True)]
    assert len(same) > 10
    assert all(same) if batch_norm != "released" else not any(same)
    assert np.abs(found - IMAGES).max() > 0


def test_statistics_of_the_batch_couple_its_images(model):
    images = tf.constant(IMAGES)
    for batch_norm, coupled in (("inference", False), ("batch", True)):
        with attack_passes(model, batch_norm) as embed:
            alone, together = embed(images[:2]), embed(images)[:2]
        assert np.allclose(alone, together, atol=1e-4) != coupled


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_is_attacked_in_float32(precision):
    mixed = build_reid_model("small", (32, 16), 5, precision=precision)
    plain = build_reid_model("small", (32, 16), 5)
    plain.set_weights(mixed.get_weights())
    with attack_passes(mixed) as embed:
        found = embed(tf.constant(IMAGES)).numpy()
    np.testing.assert_allclose(found, plain.embed(IMAGES).numpy(), rtol=1e-4, atol=1e-5)
    assert np.abs(mixed.embed(IMAGES).numpy() - found).max() > 1e-5  # training's own again
    pixels = (attacked(each, "inference") for each in (mixed, plain))
    assert np.isclose(*pixels, atol=1e-5).mean() > 0.97


def test_a_model_without_class_scores_has_none_to_attack():
    with pytest.raises(ReIDError, match="no logits to attack; train it with a classifier"):
        with attack_passes(build_reid_model("small", (32, 16)), output="logits"):
            pass


def test_an_unknown_way_is_refused(model):
    with pytest.raises(ReIDError, match="batch normalisation 'none' is unknown"):
        with attack_passes(model, "none"):
            pass
