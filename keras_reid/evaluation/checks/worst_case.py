"""Point 7: restarts, and the worst attack of each query."""

import numpy as np

from keras_reid.evaluation.checks import rows as pick
from keras_reid.evaluation.checks.check import FAIL, PASS, WARN, Finding, not_collected
from keras_reid.evaluation.checks.compare import points
from keras_reid.evaluation.worst_case import worst_precision

# Runs from other random starts, over restarts and seeds: the grid of the published figures has 3.
RUNS = 3
# Per-query scores and their mean are the same numbers, added up twice.
SAME_MEAN = 1e-4


def restarts_taken(evidence):
    """Attacks with a random start took several of them, as restarts or as seeds."""
    measured = [r for r in pick.attacks(evidence.rows) if pick.random_start(r.attack)]
    if not measured:
        return not_collected("No attack had a random start", "add sma or pgd to --attacks")
    restarts = evidence.threat_model.get("restarts", 1)
    restarts = restarts if isinstance(restarts, int) else 1
    seeds = min(len({r.seed for r in cell}) for cell in pick.grouped(measured, pick.cell).values())
    runs = restarts * seeds
    if runs >= RUNS:
        return Finding(PASS, f"{runs} runs", "Random starts were drawn several times.")
    return Finding(
        WARN,
        f"{runs} runs",
        f"Each random start was drawn {runs} times; a lucky draw for the model would go unseen. "
        "Take --restarts=3 or --seeds=3.",
    )


def worst_case_adds_up(evidence):
    """The mean of per-query minima lies below every mean, and every mean is that of its queries."""
    measured = pick.attacks(evidence.rows)
    if len({r.attack for r in measured}) < 2:
        return not_collected(
            "The worst of a single attack is no worst case", "give several --attacks"
        )
    wrong = [r for r in [*evidence.rows, *(evidence.twin or [])] if not _agrees(r)]
    if wrong:
        row = wrong[0]
        return Finding(
            FAIL,
            f"{len(wrong)} rows",
            f"The mAP of {pick.said(row)} is {points(row.figures['mean_ap'])}, but that of its "
            f"queries is {points(_means(row)[0])}: a worst case made of them would be wrong. Run "
            "the evaluation again in a new workdir.",
        )
    balls = pick.grouped(measured, pick.ball)
    worst = {key: float(np.nanmean(worst_precision(rows))) for key, rows in balls.items()}
    lowest = {key: min(_means(r)[0] for r in rows) for key, rows in balls.items()}
    if any(worst[key] > lowest[key] + SAME_MEAN for key in balls):
        return Finding(
            FAIL,
            "worst above mean",
            "A worst case per query lies above the mean of an attack: rows were not measured on "
            "the same queries. Run the evaluation again in a new workdir.",
        )
    side, epsilon = max(worst, key=lambda key: lowest[key] - worst[key])
    return Finding(
        PASS,
        f"{points(worst[side, epsilon])} at {epsilon:g}/255",
        f"The worst attack of each query leaves {points(worst[side, epsilon])} of mAP at "
        f"{epsilon:g}/255 on the {side}, the strongest single one "
        f"{points(lowest[side, epsilon])}.",
    )


def _agrees(row):
    return min(abs(row.figures["mean_ap"] - mean) for mean in _means(row)) <= SAME_MEAN


def _means(row):
    """Over the valid queries; and over all, as the Market-1501 toolbox counts."""
    return float(np.nanmean(row.average_precision)), float(
        np.mean(np.nan_to_num(row.average_precision))
    )
