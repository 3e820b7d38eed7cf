"""Point 8: what knows less than the white box must do less than the white box."""

from keras_reid.evaluation.checks import rows as pick
from keras_reid.evaluation.checks.baselines import CHANCE_WARN
from keras_reid.evaluation.checks.check import FAIL, PASS, WARN, Finding, not_collected
from keras_reid.evaluation.checks.compare import SIGMAS, SLACK, points, rise

MASKED = "gradient masking suspected"
# Share of images without gradient, above which a surrogate is masked itself.
DEAD = 0.5


def transfer_weaker(evidence):
    """Images made on another model do less harm than images made on this one."""
    # A surrogate without gradient teaches nothing, and so shows nothing.
    led = [r for r in evidence.transfer if r.zero_gradient <= DEAD * len(r.displacement)]
    if evidence.transfer and not led:
        return not_collected("The surrogate had no gradient to offer", "give another --surrogate")
    return _weaker(
        led,
        pick.white_box(evidence.rows),
        "Transfer",
        not_collected("No surrogate was attacked", "give one with --surrogate"),
    )


def gradient_free_weaker(evidence):
    """Attacks that only ask for embeddings do less harm than those with gradients, and some.

    One that does no more than noise has found no gradient, and shows nothing about another's.
    """
    found = _weaker(
        evidence.black_box,
        pick.attacks(evidence.white_box_subset),
        "A gradient-free attack",
        not_collected("No gradient-free attack was made", "add --black_box=spsa,nes"),
    )
    if found.verdict != PASS:
        return found
    best, left = pick.strongest(evidence.black_box)
    noise = pick.strongest(evidence.noise_subset)[0] if evidence.noise_subset else None
    if noise and pick.mean_ap(noise) <= CHANCE_WARN * evidence.chance["mean_ap"]:
        return found  # nothing is left that an attack could take
    if noise is None or not rise(pick.scores(best), pick.scores(noise)).real:
        return Finding(
            WARN,
            f"{points(left)} left",
            f"No gradient-free attack ({pick.said(best[0])}) surely did more than noise of its "
            "ball, so it shows nothing about the gradients. Raise --black_box_budget, or take more "
            "of --black_box_queries.",
        )
    return found


def _weaker(blind, seeing, what, missing):
    white = pick.grouped(seeing, pick.ball)
    pairs = [
        (cell, pick.strongest(white[pick.ball(cell[0])])[0])
        for cell in pick.grouped([r for r in blind if r.epsilon_255 > 0], _blind_cell).values()
        if pick.ball(cell[0]) in white
    ]
    if not pairs:
        return missing
    gaps = [(rise(pick.scores(cell), pick.scores(best)), cell[0], best[0]) for cell, best in pairs]
    gap, row, best = max(gaps, key=lambda found: found[0].mean - found[0].tolerance)
    if gap.real:
        return Finding(
            FAIL,
            f"stronger by {points(gap.mean)}",
            f"{what} ({pick.said(row)}) costs {points(gap.mean)} of mAP more than the white box "
            f"({best.attack}), which knows more: {MASKED}. Do not believe the white-box figures.",
        )
    if gap.mean > max(SLACK, gap.tolerance / SIGMAS):  # beyond one standard error
        return Finding(
            WARN,
            f"{points(gap.mean)}, chance {points(gap.tolerance)}",
            f"{what} ({pick.said(row)}) costs {points(gap.mean)} of mAP more than the white box "
            f"({best.attack}), and chance may do {points(gap.tolerance)}: not settled. Take more "
            "queries.",
        )
    return Finding(PASS, f"{len(gaps)} pairs", f"{what} is not stronger than the white box.")


def _blind_cell(row):
    """Each surrogate by itself."""
    return (*pick.cell(row), row.extra.get("source"))
