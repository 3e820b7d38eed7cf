"""Plans that cannot work are refused before any work."""

import dataclasses

import pytest

from keras_reid.errors import ReIDError
from keras_reid.evaluation.robustness_plan import EPSILONS_255, RobustnessPlan

SMALL = RobustnessPlan(attacks=("sma",), epsilons_255=(0, 8), seeds=(0,))


@pytest.mark.parametrize(
    "epsilons,headline",
    [(EPSILONS_255, 5), ((0, 8), 8), ((0, 2, 4, 16), 4), ((0,), 0), ((1, 9), 1)],
)
def test_single_figures_are_given_near_five(epsilons, headline):
    assert RobustnessPlan(epsilons_255=epsilons).headline_255 == headline


@pytest.mark.parametrize(
    "changes,words",
    [
        ({"epsilons_255": ()}, "at least one attack and one epsilon"),
        ({"epsilons_255": (5, 2)}, "5, 2 are not in ascending order"),
        ({"epsilons_255": (2, 2)}, "each once"),
        ({"epsilons_255": (300,)}, "between 0 and 255"),
        ({"attacks": ("smaa",)}, "attack 'smaa' is unknown"),
        ({"attacks": ("noise",)}, "noise is measured in any case"),
        ({"guide_sources": ("tv",)}, "guide source 'tv'"),
        ({"attacked": ("train",)}, "query, gallery, not 'train'"),
        ({"attacked": ()}, "at least one side"),
        ({"seeds": ()}, "at least one seed"),
        ({"black_box": ("zoo",)}, "black box 'zoo' is unknown"),
        ({"black_box": ("nes",), "black_box_budget": 5}, "allow at least 40"),
        ({"black_box": ("nes",), "black_box_climbs": "fgsm"}, "cannot climb fgsm"),
        ({"black_box": ("nes",), "attacked": ("gallery",)}, "add query"),
    ],
)
def test_bad_plans_end_in_a_sentence(changes, words):
    with pytest.raises(ReIDError, match=words):
        dataclasses.replace(SMALL, **changes)
