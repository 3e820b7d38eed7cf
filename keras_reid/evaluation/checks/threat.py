"""Point 1: is it said what the attacker may do, and does it hold for what was measured?"""

from keras_reid.evaluation.checks import rows as pick
from keras_reid.evaluation.checks.check import FAIL, PASS, Finding, graded, not_collected
from keras_reid.evaluation.checks.compare import points

# Without any one of these a figure can't be compared with another paper's.
NEEDED = ("norm", "attacked", "guide source", "knowledge", "distance", "average precision")
# A row of which more than a tenth was attacked by sma is no longer a row of its own attack; above
# a half it is a row of sma.
FALLBACKS_WARN, FALLBACKS_FAIL = 0.1, 0.5


def stated(evidence):
    """Every part of the threat model has words, and the norm names its resolution."""
    told = {key: str(value).strip() for key, value in evidence.threat_model.items()}
    missing = [name for name in NEEDED if not _named(told, name)]
    if "resolution" not in " ".join([*told, *told.values()]).lower():
        missing.append("resolution")
    if missing:
        return Finding(
            FAIL,
            f"{len(missing)} missing",
            f"The threat model does not name: {', '.join(missing)}. State it, or nobody can "
            "compare these figures.",
        )
    return Finding(PASS, f"{len(NEEDED) + 1} of {len(NEEDED) + 1}", "The threat model is complete.")


def holds(evidence):
    """What the rows attacked and were guided by is what the threat model says."""
    measured = pick.attacks(evidence.rows)
    if not measured:
        return not_collected("No attack was measured", "name some with --attacks")
    sides = str(_named(evidence.threat_model, "attacked"))
    sources = str(_named(evidence.threat_model, "guide source"))
    unsaid = {row.attacked for row in measured if row.attacked not in sides}
    # "none": the attack makes its own guides.
    unsaid |= {
        row.guide_source
        for row in measured
        if row.guide_source not in sources and row.guide_source != "none"
    }
    if unsaid:
        return Finding(
            FAIL,
            f"{len(unsaid)} unsaid",
            f"Rows were measured with {', '.join(sorted(unsaid))}, which the threat model does not "
            "name. State it, or drop those rows.",
        )
    return Finding(PASS, f"{len(measured)} rows", "Every row was measured under the threat model.")


def guides_found(evidence):
    """Few images had to be attacked with sma for want of another image of their identity."""
    measured = [r for r in pick.attacks(evidence.rows) if len(r.displacement)]
    if not measured:
        return not_collected("No attack was measured", "name some with --attacks")
    row = max(measured, key=lambda r: r.fallbacks / len(r.displacement))
    share = row.fallbacks / len(row.displacement)
    verdict = graded(share, FALLBACKS_WARN, FALLBACKS_FAIL)
    if verdict == PASS:
        return Finding(PASS, points(share), "Nearly every image found guides of its identity.")
    return Finding(
        verdict,
        points(share),
        f"{pick.said(row)} found no other image of the identity for {points(share)} of the images "
        "and attacked those with sma; take another --guide_sources.",
    )


def _named(told, name):
    """The value of `name`, also under its plural; empty where there is none."""
    return told.get(name) or told.get(f"{name}s") or ""
