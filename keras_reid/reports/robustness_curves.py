"""The curves of a robustness evaluation: the model beside its twin, and attack by attack."""

from keras_reid.evaluation.robustness_results import WORST_CASE
from keras_reid.reports.content import Figure
from keras_reid.reports.curves import epsilon_curves
from keras_reid.reports.robustness_reading import (
    CALLED,
    TWIN,
    VICTIM,
    WHOLE,
    clean_of,
    percent,
    pick,
    roles,
    sides,
)
from keras_reid.reports.summaries import spoken

BANDS = "Band: 95 % interval over people; dotted: a random ranking."


def robustness_curves(results):
    """Figures of mAP over epsilon; nothing where there is no epsilon above 0."""
    if not any(results["plan"]["epsilons_255"]):
        return
    for side in sides(results):
        if results["twin"]:
            yield comparison(results, side)
        for role in roles(results):
            yield attack_curves(results, role, side)


def comparison(results, side):
    """The worst cases of the model and of its twin on the same axes."""
    bands = {CALLED[role]: band(results, role, side) for role in (VICTIM, TWIN)}
    series = {
        CALLED[role]: [
            (0, clean_of(results, role)["mean_ap"]),
            *((epsilon, share) for epsilon, share in worst_points(results, role, side) if epsilon),
        ]
        for role in (VICTIM, TWIN)
    }
    levels = {
        "chance": results["chance"]["mean_ap"],
        "strongest": CALLED[VICTIM],
        "bands": bands,
        "measure": f"mAP in the worst case, attacks on {WHOLE[side]}",
    }
    return Figure(
        epsilon_curves(series, **levels),
        f"What the worst attack for each query leaves of mAP as the largest change of a pixel "
        f"grows, attacks on {WHOLE[side]}. {BANDS}",
        "worst case over epsilon: " + "; ".join(f"{n}: {steps(p)}" for n, p in series.items()),
        epsilon_curves(series, **levels, dark=True),
    )


def attack_curves(results, role, side):
    """Every attack on a model, the worst case strongest."""
    series = {
        spoken(name): [tuple(point) for point in points]
        for name, points in results["curves"][role][side].items()
    }
    levels = {
        "clean": clean_of(results, role)["mean_ap"],
        "chance": results["chance"]["mean_ap"],
        "strongest": WORST_CASE,
        "bands": {WORST_CASE: band(results, role, side)},
        "measure": f"mAP of {with_article(role)}, attacks on {WHOLE[side]}",
    }
    return Figure(
        epsilon_curves(series, **levels),
        f"{with_article(role).capitalize()}, attack by attack. Dashed grey: noise of the same "
        f"size. {BANDS}",
        f"mAP of {with_article(role)} over epsilon, {percent(levels['clean'])} without attack; "
        f"worst case: {steps(series[WORST_CASE])}",
        epsilon_curves(series, **levels, dark=True),
    )


def with_article(role):
    return CALLED[role] if role == VICTIM else f"the {CALLED[role]}"


def worst_points(results, role, side):
    return [
        (entry["epsilon_255"], entry["mean_ap"])
        for entry in pick(results["worst"], role=role, attacked=side)
    ]


def band(results, role, side):
    """[(epsilon, low, high)] of the worst case, the clean interval first."""
    entries = pick(results["worst"], role=role, attacked=side)
    points = [(e["epsilon_255"], *e["interval"]) for e in entries if e["epsilon_255"]]
    return [(0, *clean_of(results, role)["interval"]), *points]


def steps(points):
    """A line in words."""
    return ", ".join(f"{percent(share)} at {epsilon:g}/255" for epsilon, share in points)
