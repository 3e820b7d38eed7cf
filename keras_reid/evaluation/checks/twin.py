"""Point 9: do these attacks break a model without defence, and are they news to this one?"""

import numpy as np

from keras_reid.evaluation.checks import rows as pick
from keras_reid.evaluation.checks.check import FAIL, PASS, WARN, Finding, graded, not_collected
from keras_reid.evaluation.checks.compare import points
from keras_reid.evaluation.worst_case import worst_precision

# What the worst case per query leaves of an undefended model's mAP above chance at the largest
# epsilon. Published: 3 to 4 % at 5/255 already.
TWIN_WARN, TWIN_FAIL = 0.25, 0.5
TWIN = "give the undefended model with --twin"
OTHER_ATTACKS = 2
UNDEFENDED = "nothing"  # what an undefended model was trained against
FAMILY = ("fgsm", "ifgsm", "mifgsm", "pgd")  # one objective and one kind of guides


def twin_breaks(evidence):
    """The undefended twin loses nearly everything at the largest epsilon."""
    measured = pick.white_box(evidence.twin or [])
    if not measured or not evidence.twin_clean:
        return not_collected("No undefended twin was attacked", TWIN)
    balls = pick.grouped(measured, pick.ball)
    largest = max(epsilon for _, epsilon in balls)
    chance = evidence.chance["mean_ap"]
    above = max(evidence.twin_clean["mean_ap"] - chance, 1e-6)
    left = {
        side: (float(np.nanmean(worst_precision(rows))) - chance) / above
        for (side, epsilon), rows in balls.items()
        if epsilon == largest
    }
    side, share = max(left.items(), key=lambda found: found[1])
    share = max(share, 0.0)
    verdict = graded(share, TWIN_WARN, TWIN_FAIL)
    if verdict == PASS:
        return Finding(PASS, points(share), f"The undefended twin breaks at {largest:g}/255.")
    return Finding(
        verdict,
        points(share),
        f"At {largest:g}/255 on the {side} the undefended twin keeps {points(share)} of its mAP "
        "above chance: these attacks would let any model look robust. Make them stronger.",
    )


def twin_alike(evidence):
    """The twin was attacked with the same attacks, epsilons, steps and seeds."""
    if not evidence.twin:
        return not_collected("No undefended twin was attacked", TWIN)
    own = {_settings(r) for r in pick.attacks(evidence.rows)}
    theirs = {_settings(r) for r in pick.attacks(evidence.twin)}
    differing = own ^ theirs
    if differing:
        attack, side, _, epsilon, *_ = min(differing)
        return Finding(
            FAIL,
            f"{len(differing)} differ",
            f"{len(differing)} rows of model and twin have no counterpart of the same settings, "
            f"such as {attack} at {epsilon:g}/255 on the {side}: the two can't be compared. "
            "Measure both in one call.",
        )
    return Finding(PASS, f"{len(own)} rows", "Model and twin met the same attacks.")


def other_attacks(evidence):
    """Attacks that the model was not trained against are there."""
    # One step of an attack that was trained against is no other attack.
    names = {r.attack for r in pick.attacks(evidence.rows)} - {pick.ONE_STEP}
    trained = evidence.trained_with
    if trained is None:
        return not_collected(
            "What the model was trained against is not known",
            "name it with --trained_with, or say --trained_with=nothing",
        )
    others = names - set(FAMILY if trained in FAMILY else (trained,))
    if len(others) >= OTHER_ATTACKS:
        return Finding(PASS, f"{len(others)} others", "Attacks beside that of the training count.")
    if not others and names:
        return Finding(
            FAIL,
            "0 others",
            f"The model was trained against {evidence.trained_with} and met nothing else, so this "
            "measures how well it learnt one attack. Add --attacks=sma,fna,odfa,ifgsm.",
        )
    return Finding(
        WARN,
        f"{len(others)} others",
        "Too few attacks that the model was not trained against; add --attacks=sma,fna,odfa,ifgsm.",
    )


def _settings(row):
    steps = row.steps, round(row.step_size_255, 6)
    return (*pick.cell(row), row.seed, *steps)
