"""Radius and space of the inner attack, for every row of the table."""

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.attacks import ATTACKS, Guides
from keras_reid.defenses import make_inner_attack
from keras_reid.defenses.inner_attack import IMAGENET_DEVIATION
from keras_reid.errors import ReIDError
from tests.attacks.embedders import IMAGES, embed, guides_for

KEYS = np.arange(len(IMAGES), dtype=np.int64)
DEVIATION = np.array(IMAGENET_DEVIATION, np.float32)


@pytest.mark.parametrize("space", ["pixel", "normalised"])
@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_stays_in_its_ball_and_follows_its_keys(name, space):
    attack = make_inner_attack(name, epsilon=5 / 255, steps=3, space=space)
    found, again, other = (
        attack(embed, IMAGES, guides_for(name), keys).numpy() for keys in (KEYS, KEYS, KEYS + 99)
    )
    radius = 5 / 255 * (DEVIATION if space == "normalised" else 1)
    change = np.abs(found - IMAGES)
    assert (change <= radius + 1e-6).all() and found.min() >= 0 and found.max() <= 1
    assert change.max() <= attack.pixel_radius + 1e-6
    assert change.max() > 0.4 / 255
    np.testing.assert_array_equal(found, again)
    assert (found != other).any()


def test_the_normalised_space_by_loop():
    """Signed steps of 1/255 on (pixel - mean) / deviation, as the release takes them."""
    guides = Guides(push=embed(tf.constant(IMAGES[::-1].copy()))[:, None])
    middle = IMAGES * 0.5 + 0.25  # nothing to clip
    attack = make_inner_attack(
        "ifgsm", epsilon=2 / 255, steps=3, random_start=False, space="normalised"
    )
    found = attack(embed, middle, guides, KEYS).numpy()
    normalised = start = middle / DEVIATION
    for _ in range(3):
        images = tf.constant(normalised * DEVIATION)
        with tf.GradientTape() as tape:
            tape.watch(images)
            away = tf.reduce_sum((embed(images) - guides.push[:, 0]) ** 2)
        normalised = normalised + np.sign(tape.gradient(away, images)) / 255
        normalised = np.clip(normalised, start - 2 / 255, start + 2 / 255)
    close = np.abs(found - normalised * DEVIATION) < 1e-5
    assert close.mean() > 0.99
    assert np.abs(found - middle).max() == pytest.approx(2 / 255 * 0.229, rel=1e-3)


def test_settings_that_an_attack_has_not():
    assert make_inner_attack("fgsm", epsilon=0.1, steps=7).attack.steps == 1
    assert make_inner_attack("odfa", epsilon=0.1, metric="l2").attack.metric == "cosine"
    assert make_inner_attack("pgd", epsilon=0.1, metric="cosine").attack.metric == "cosine"
    with pytest.raises(ReIDError, match="needs random_start"):
        make_inner_attack("sma", epsilon=0.1, random_start=False)
    with pytest.raises(ReIDError, match="eps_space 'lab' is unknown"):
        make_inner_attack("sma", epsilon=0.1, space="lab")
