"""Picking rows of the evidence: by kind of attack, by cell, and the worst case per query."""

import numpy as np

from keras_reid.attacks import ATTACKS, NOISES, make_attack
from keras_reid.evaluation.trials import MISRANK

ONE_STEP = "fgsm"
# The iterative attacks with fgsm's own objective and guides.
LIKE_ONE_STEP = ("ifgsm", "mifgsm", "pgd")
# From here on nothing should be left of a model: the largest epsilon of the published curves.
LARGE_EPSILON = 16.0


def random_start(name):
    """Whether the attack `name` starts at a random place of the ball."""
    return name in ATTACKS and make_attack(name).random_start


def guided_from_clean(name):
    """Whether the attack `name` is told where to go and starts at the clean image."""
    if name not in ATTACKS or random_start(name):
        return False
    return make_attack(name).guides == "given"


def doubled(row):
    """Whether the row is the one that only tells what more steps would do."""
    return bool(row.extra.get("steps_doubled"))


def attacks(rows):
    """Rows of the grid that are no noise, at an epsilon above 0."""
    return [r for r in rows if r.attack not in NOISES and r.epsilon_255 > 0 and not doubled(r)]


def noises(rows):
    """Rows of noise, at an epsilon above 0."""
    return [r for r in rows if r.attack in NOISES and r.epsilon_255 > 0]


def white_box(rows):
    """`attacks` that follow this model's gradient.

    A generator may have been trained against any model, for any number of pixels: how strong it is
    says nothing about how well this model was attacked.
    """
    return [r for r in attacks(rows) if r.attack != MISRANK]


def iterative(rows):
    """`attacks` that take several steps."""
    return [r for r in white_box(rows) if r.attack != ONE_STEP]


def cell(row):
    """What is measured: every seed of a cell measures the same."""
    return row.attack, row.attacked, row.guide_source, row.epsilon_255


def ball(row):
    """Where attacks compete: the side and the radius."""
    return row.attacked, row.epsilon_255


def grouped(rows, key):
    """{key(row): [rows]}, in order of appearance."""
    groups = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def scores(rows):
    """[Q]: each query's average precision, the mean over rows (the seeds of a cell)."""
    return np.mean([row.average_precision for row in rows], axis=0)


def mean_ap(rows):
    """Mean over rows of their mean average precision."""
    return float(np.mean([row.figures["mean_ap"] for row in rows]))


def strongest(rows):
    """(rows of the cell with the lowest mean_ap, that mean_ap), each cell taken over its seeds."""
    cells = grouped(rows, cell).values()
    best = min(cells, key=mean_ap)
    return best, mean_ap(best)


def said(row):
    """A row in a few words."""
    return f"{row.attack} at {row.epsilon_255:g}/255 on the {row.attacked}"
