"""Plans that several tests of the evaluator share."""

from keras_reid.evaluation.robustness_plan import RobustnessPlan

# The least that is a grid: one attack, nothing and something.
SMALL = RobustnessPlan(
    attacks=("sma",), epsilons_255=(0, 8), seeds=(0,), steps=2, rank_lists=2, bootstrap=20
)
