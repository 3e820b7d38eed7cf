"""Points 2 and 3: what happened to the pixels, measured on uint8."""

import numpy as np

from keras_reid.evaluation.checks import rows as pick
from keras_reid.evaluation.checks.check import FAIL, PASS, Finding, graded, not_collected
from keras_reid.evaluation.checks.compare import points

# Of images whose embedding is where it was: one in a hundred may be an odd picture (one colour,
# at the end of its range); one in ten is an attack that does not work.
STILL_WARN, STILL_FAIL = 0.01, 0.1
# Floats are summed in another order on some devices; anything beyond that is another pipeline.
SAME_FIGURE = 1e-6
# Of the way that the attacks move an embedding.
SAME_EMBEDDING = 1e-3


def inside_the_ball(evidence):
    """The largest change of any uint8 value is at most epsilon, also on the twin."""
    measured = [*_on_the_model(evidence), *(evidence.twin or [])]
    if not measured:
        return not_collected("No attack was measured", "name some with --attacks")
    row = max(measured, key=lambda r: r.linf_255 - r.epsilon_255)
    excess = row.linf_255 - row.epsilon_255
    if excess > 1e-6:
        return Finding(
            FAIL,
            f"{row.linf_255}/255 at {row.epsilon_255:g}/255",
            f"{pick.said(row)} changed a value by {row.linf_255}/255 after rounding to uint8: it "
            "left the ball, so its figures belong to a larger epsilon. Project after rounding.",
        )
    return Finding(PASS, f"{len(measured)} rows", "No uint8 value changed by more than epsilon.")


def pixels_change(evidence):
    """An attack with room for a change makes one, and the change is described completely."""
    # Below 1/255 no uint8 value can change.
    measured = [r for r in _on_the_model(evidence) if r.epsilon_255 >= 1]
    if not measured:
        return not_collected("No attack was measured", "name some with --attacks")
    unknown = [r for r in measured if not np.isfinite([r.mean_l2, r.changed, r.ssim]).all()]
    if unknown:
        return Finding(
            FAIL,
            f"{len(unknown)} rows",
            f"{pick.said(unknown[0])} has no measured L2, share of changed values or SSIM.",
        )
    row = min(measured, key=lambda r: r.changed)
    if row.changed == 0 or row.linf_255 == 0:
        return Finding(
            FAIL,
            "0.0 % changed",
            f"{pick.said(row)} changed nothing: a dead attack, whose figures are the clean ones. "
            "Look at its gradient at the start.",
        )
    return Finding(
        PASS,
        f"{points(row.changed)} changed",
        "Every attack changed pixels; L-inf, L2, share of changed values and SSIM were measured.",
    )


def embeddings_move(evidence):
    """Hardly any image's embedding stays where it was."""
    measured = [
        r for r in pick.attacks(evidence.rows)
        if r.epsilon_255 >= 1 and len(r.displacement) and r.changed > 0
    ]  # fmt: skip
    if not measured:
        return not_collected("No attack changed anything", "name other --attacks")
    row = max(measured, key=_unmoved)
    share = _unmoved(row)
    verdict = graded(share, STILL_WARN, STILL_FAIL)
    if verdict == PASS:
        return Finding(PASS, points(share), "The embedding of nearly every attacked image moved.")
    return Finding(
        verdict,
        points(share),
        f"{pick.said(row)} left {points(share)} of the embeddings where they were: though they "
        "had a gradient, those images were not attacked. Look at its batches and its step size.",
    )


def same_pipeline(evidence):
    """At epsilon 0 the attack's pipeline gives the clean result."""
    nothing = [r for r in evidence.rows if r.epsilon_255 == 0 and not pick.doubled(r)]
    if not nothing:
        return not_collected(
            "Whether clean and attacked images take the same way was not looked at",
            "add 0 to --epsilons_255",
        )
    row = max(nothing, key=lambda r: _distance_from_clean(r, evidence.clean))
    gap = _distance_from_clean(row, evidence.clean)
    moved = [np.mean(r.displacement) for r in pick.attacks(evidence.rows)]
    still = SAME_EMBEDDING * max(moved, default=0.0)
    touched = [r for r in nothing if r.linf_255 or np.max(r.displacement) > still]
    if gap > SAME_FIGURE or touched:
        return Finding(
            FAIL,
            f"{points(gap)} apart",
            f"{pick.said((touched or [row])[0])} is not the clean result, so part of what is "
            "called attack is another way of reading, resizing or embedding the images.",
        )
    return Finding(PASS, f"{len(nothing)} rows", "Epsilon 0 gives the clean result exactly.")


def _unmoved(row):
    """Share of images that stayed although they had a gradient; those without are counted apart."""
    return max(0, row.still - max(0, row.zero_gradient)) / len(row.displacement)


def _distance_from_clean(row, clean):
    return abs(row.figures["mean_ap"] - clean["mean_ap"])


def _on_the_model(evidence):
    """Every row of images that were made for the model, with gradients or without."""
    return [*evidence.rows, *evidence.transfer, *evidence.black_box]
