"""The main tables of a robustness evaluation: attack by attack, and over epsilon."""

from keras_reid.reports.content import Table
from keras_reid.reports.robustness_reading import (
    TWIN,
    VICTIM,
    WHOLE,
    attack_name,
    clean_of,
    interval,
    of_clean,
    one,
    pick,
    roles,
    rows_of,
    sides,
    whole,
    worst_at,
)
from keras_reid.reports.summaries import KINDS, MEASURED, spoken

WORST, NO_ATTACK, CHANCE = "worst case", "no attack", "chance"
RANGE = "–"
WORST_CASE = (
    "Worst case: for each query the lowest average precision over attacks, guide sources and "
    "seeds, then the mean; noise is no attack. Worst for: the share of the queries for which this "
    "attack is that lowest one, ties shared. Intervals: bootstrap over people."
)


def headline_table(results, side):
    """Every attack at the headline's epsilon, the twin's figures beside."""
    epsilon, named = results["headline_255"], set()
    hardest = worst_at(results, VICTIM, side)["hardest"]
    rows = [_row(results, NO_ATTACK, lambda role: clean_of(results, role))]
    for entry in pick(results["summary"], role=VICTIM, attacked=side, epsilon_255=epsilon):
        same = {key: entry[key] for key in ("attack", "attacked", "epsilon_255", "guide_source")}
        # The share is the attack's over all its guide sources, so it is told once.
        share = None if entry["attack"] in named else hardest.get(entry["attack"])
        named.add(entry["attack"])
        rows.append(
            _row(
                results,
                attack_name(results, entry),
                lambda role, same=same: one(results["summary"], role=role, **same),
                None if share is None else 100 * share,
                *_change(results, same),
            )
        )
    rows.append(_row(results, WORST, lambda role: worst_at(results, role, side)))
    rows.append(_row(results, CHANCE, lambda role: results["chance"] if role == VICTIM else None))
    mine, *twins = (_columns(results, role) for role in roles(results))
    kind = KINDS[results["threat_model"]["average precision"]]
    return Table(
        f"Attacks on {WHOLE[side]} at epsilon {epsilon:g}/255",
        ("attack", *mine, "worst for %", *sum(twins, []), "change /255", "moved"),
        tuple(rows),
        # What holds for every side is said once.
        note=f"{WORST_CASE} {MEASURED} {kind}" if side == sides(results)[0] else "",
        strong=(len(rows) - 2,),
    )


def over_epsilon_table(results, side):
    """The worst case at every epsilon, the twin's beside."""
    rows = []
    for entry in pick(results["worst"], role=VICTIM, attacked=side):
        epsilon, cells = entry["epsilon_255"], []
        for role in roles(results):
            worst = one(results["worst"], role=role, attacked=side, epsilon_255=epsilon)
            share = of_clean(worst, clean_of(results, role))
            cells += [100 * worst["mean_ap"], interval(worst, RANGE), share, 100 * worst["rank1"]]
        # Without a ball every attack is the same.
        name, share = max(entry["hardest"].items(), key=lambda item: item[1])
        hardest = f"{spoken(name)} ({100 * share:.0f} %)" if epsilon else None
        rows.append((whole(epsilon), *cells, hardest))
    columns = [
        f"{prefix}{name}"
        for prefix in ("", "twin ")[: len(roles(results))]
        for name in ("mAP %", "95 %", "of clean %", "rank-1 %")
    ]
    at = [row[0] for row in rows].index(whole(results["headline_255"]))
    return Table(
        f"Worst case over epsilon, attacks on {WHOLE[side]}",
        ("ε /255", *columns, "hardest attack"),
        tuple(rows),
        strong=(at,),
    )


def _columns(results, role):
    names = ["mAP %", "95 %", *(["±\u00a0seeds"] if _several(results) else []), "rank-1 %"]
    return [f"twin {name}" if role == TWIN else name for name in names]


def _several(results):
    return len(results["plan"]["seeds"]) > 1


def _row(results, name, find, share=None, change=None, moved=None):
    """A row of the headline table; `find(role)` gives what holds the figures, or None."""
    mine, *twins = (_figures(results, find(role)) for role in roles(results))
    return (name, *mine, share, *sum(twins, []), change, moved)


def _figures(results, entry):
    """The cells of `_columns`."""
    if entry is None:
        return [None] * len(_columns(results, VICTIM))
    precision, deviation = _mean(entry["mean_ap"])
    deviation = entry.get("seeds", {}).get("deviation", deviation)
    spread = [None if deviation is None else 100 * deviation] if _several(results) else []
    within = interval(entry, RANGE) if "interval" in entry else None
    return [100 * precision, within, *spread, 100 * _mean(entry["rank1"])[0]]


def _mean(figure):
    """(mean, deviation) of a figure, over seeds or single."""
    if isinstance(figure, dict):
        return figure["mean"], figure["deviation"]
    return figure, None


def _change(results, same):
    """Largest change and mean displacement over the seeds."""
    rows = pick(rows_of(results, VICTIM), **same)
    moved = sum(row["displacement"] for row in rows) / len(rows)
    return max(row["linf_255"] for row in rows), f"{moved:.3g}"
