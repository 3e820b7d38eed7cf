"""Point 8: what knows less than the white box must do less than the white box."""

from keras_reid.evaluation.checks import rows as pick
from keras_reid.evaluation.checks.check import FAIL, PASS, Finding, not_collected
from keras_reid.evaluation.checks.compare import points, rise

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
    """Attacks that only ask for embeddings do less harm than those with gradients."""
    return _weaker(
        evidence.black_box,
        pick.attacks(evidence.white_box_subset),
        "A gradient-free attack",
        not_collected("No gradient-free attack was made", "add --black_box=spsa,nes"),
    )


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
    return Finding(PASS, f"{len(gaps)} pairs", f"{what} is weaker than the white box.")


def _blind_cell(row):
    """Each surrogate by itself."""
    return (*pick.cell(row), row.extra.get("source"))
