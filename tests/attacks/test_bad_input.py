"""What an attack refuses, and the sentence it says."""

import numpy as np
import pytest

from keras_reid.attacks import Guides, make_attack
from keras_reid.errors import ReIDError
from tests.attacks.embedders import GOLDEN, IMAGES, embed

ROW = IMAGES[:1]
PUSH = Guides(push=GOLDEN["single_guides"][:1, None])


def with_pixel(value):
    images = ROW.copy()
    images[0, 3, 4, 1] = value
    return images


@pytest.mark.parametrize(
    "images,words",
    [
        (with_pixel(np.nan), "NaN"),
        (with_pixel(np.inf), "NaN or infinite"),
        (with_pixel(1.2), r"not in \[0, 1\]"),
        (with_pixel(-0.1), r"not in \[0, 1\]"),
        ((ROW * 255).astype(np.uint8), "pixels / 255"),
        (ROW[0], "batch dimension"),
    ],
)
def test_bad_pixels(images, words):
    with pytest.raises(ReIDError, match=words):
        make_attack("sma")(embed, images)


@pytest.mark.parametrize(
    "name,settings,words",
    [
        ("smaa", {}, "use one of fgsm, ifgsm"),
        ("sma", {"random_start": False}, "exactly zero"),
        ("odfa", {"random_start": False}, "exactly zero"),
        ("ifgsm", {"stepz": 3}, "has no setting 'stepz'"),
        ("ifgsm", {"guides": "own"}, "has no setting 'guides'"),
        ("ifgsm", {"steps": -1}, "steps must be"),
        ("ifgsm", {"steps": 1.5}, "whole numbers"),
        ("ifgsm", {"step_size": 5}, r"step_size must be in \[0, 1\]"),
        ("odfa", {"preset": "reference", "metric": "cosine"}, "exactly zero"),
        ("xent", {"metric": "cosine"}, "no metric"),
        ("ifgsm", {"step_size": -0.1}, "step_size must be"),
        ("ifgsm", {"restarts": 2}, "random_start=True"),
        ("pgd", {"restarts": 0}, "restarts must be"),
        ("fna", {"metric": "manhattan"}, "use l2 or cosine"),
        ("fna", {"preset": "released"}, "use paper or reference"),
    ],
)
def test_bad_settings(name, settings, words):
    with pytest.raises(ReIDError, match=words):
        make_attack(name, **settings)


@pytest.mark.parametrize("epsilon", [-0.01, np.nan, np.inf, 5, np.array([0.1, -0.1])])
def test_bad_epsilon(epsilon):
    images = np.repeat(ROW, np.size(epsilon), axis=0)
    with pytest.raises(ReIDError, match="epsilon must be"):
        make_attack("sma")(embed, images, epsilon=epsilon)


@pytest.mark.parametrize(
    "name,guides,words",
    [
        ("fna", None, "needs guides"),
        ("sma", PUSH, "makes its own guides"),
        ("fna", Guides(), "needs push or pull"),
        ("fna", Guides(push=np.zeros((1, 1, 7), np.float32)), "7 wide, embeddings 32"),
        ("fna", Guides(push=np.full((1, 1, 32), np.nan, np.float32)), "NaN"),
        ("fna", Guides(push=np.zeros((3, 1, 32), np.float32)), "for 3 images, not 1"),
        ("fna", PUSH._replace(push_weight=np.ones(1)), "push_weight must be"),
        ("fna", PUSH._replace(push_weight=-np.ones((1, 1))), "must not be negative"),
        ("fna", Guides(push=np.zeros((1, 32), np.float32)), r"must be \[N, guides, D\]"),
    ],
)
def test_bad_guides(name, guides, words):
    with pytest.raises(ReIDError, match=words):
        make_attack(name)(embed, ROW, guides)


def test_a_model_that_returns_maps_is_refused():
    with pytest.raises(ReIDError, match=r"must return embeddings \[N, D\]"):
        make_attack("sma")(lambda images: images, ROW)


def test_a_bad_seed_pair_is_refused():
    with pytest.raises(ReIDError, match="pair of integers"):
        make_attack("sma")(embed, ROW, seed=(1, 2, 3))


@pytest.mark.parametrize(
    "call,words",
    [
        ({"epsilon": np.ones(3) / 255}, "epsilon has shape"),
        ({"seed": np.arange(2)}, "seed has shape"),
        ({"initial_perturbation": np.full_like(ROW, np.nan)}, "initial_perturbation holds NaN"),
        ({"initial_perturbation": np.zeros((1, 2, 2, 3))}, "initial_perturbation is"),
    ],
)
def test_one_value_per_image_or_one_for_all(call, words):
    with pytest.raises(ReIDError, match=words):
        make_attack("sma")(embed, ROW, **call)


def test_any_kind_of_integer_is_a_seed():
    attack = make_attack("sma", steps=1)
    one, other = (attack(embed, ROW, seed=seed).numpy() for seed in (3, np.int64(3)))
    np.testing.assert_array_equal(one, other)
