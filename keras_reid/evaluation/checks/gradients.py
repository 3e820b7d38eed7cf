"""Point 6: did the attacks have a gradient to follow, and guides worth following?"""

from keras_reid.evaluation.checks import rows as pick
from keras_reid.evaluation.checks.check import PASS, Finding, graded, not_collected
from keras_reid.evaluation.checks.compare import points

# Of images whose gradient is zero in every pixel. A dead unit may silence one picture in a hundred;
# in float32 more than a few of them are a model without gradient.
ZERO_WARN, ZERO_FAIL = 0.01, 0.05
COUNT = "Zero gradients were not counted"


def gradients_not_zero(evidence):
    """The gradient at the start is not zero, from a random start where there is one."""
    counted = _counted(evidence)
    # Starting at the clean image, a zero gradient may be the guides' fault: `guides_lead` asks.
    away = [r for r in counted if pick.random_start(r.attack)] or counted
    if not away:
        return not_collected(COUNT, "add sma or pgd to --attacks")
    row = max(away, key=_share)
    share = _share(row)
    verdict = graded(share, ZERO_WARN, ZERO_FAIL)
    if verdict == PASS:
        return Finding(PASS, points(share), "Nearly every image gave the attacks a gradient.")
    return Finding(
        verdict,
        points(share),
        f"{pick.said(row)} had no gradient at all for {points(share)} of the images: rounding, a "
        "saturated unit or a stopped gradient masks it, and a model without gradient is not a "
        "robust one. Measure with --black_box=spsa,nes.",
    )


def guides_lead(evidence):
    """Guides are other images: from the clean image they give a gradient.

    An image that is its own guide lies at distance zero, where a push has no gradient: without a
    random start that attack does nothing.
    """
    guided = [r for r in _counted(evidence) if pick.guided_from_clean(r.attack)]
    if not guided:
        return not_collected(
            "No attack with guides starts at the clean image", "add ifgsm or fna to --attacks"
        )
    # What random starts find dead, too, is the model's fault and is counted there.
    away = [_share(r) for r in _counted(evidence) if pick.random_start(r.attack)]
    row = max(guided, key=_share)
    share = max(0.0, _share(row) - max(away, default=0.0))
    verdict = graded(share, ZERO_WARN, ZERO_FAIL)
    if verdict == PASS:
        return Finding(PASS, points(share), "The guides are other images and lead somewhere.")
    return Finding(
        verdict,
        points(share),
        f"{pick.said(row)} starts at the clean image and finds no gradient for {points(share)} of "
        "the images, though a random start does: those are their own guides, and a push from "
        "itself is dead. Leave the image out of its guides, or take pgd.",
    )


def _counted(evidence):
    """Rows in which zero gradients were counted; -1 says that they were not."""
    return [r for r in pick.attacks(evidence.rows) if r.zero_gradient >= 0 and len(r.displacement)]


def _share(row):
    return row.zero_gradient / len(row.displacement)
