"""Metric attacks: move a person's embedding with guides, inside an L-infinity ball."""

from keras_reid.attacks.black_box import BLACK_BOX, Estimator, make_black_box
from keras_reid.attacks.guides import (
    Guides,
    furthest_identities,
    furthest_negative_guides,
    pulled_identities,
)
from keras_reid.attacks.metric_attack import MetricAttack
from keras_reid.attacks.named import ATTACKS, make_attack
from keras_reid.attacks.noise import NOISES
from keras_reid.attacks.sampling import sample_guides, sampled_rows
from keras_reid.attacks.steps import round_inside

__all__ = [
    "ATTACKS",
    "BLACK_BOX",
    "NOISES",
    "Estimator",
    "Guides",
    "MetricAttack",
    "furthest_identities",
    "furthest_negative_guides",
    "make_attack",
    "make_black_box",
    "pulled_identities",
    "round_inside",
    "sample_guides",
    "sampled_rows",
]
