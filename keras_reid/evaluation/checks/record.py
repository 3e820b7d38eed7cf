"""Point 10: could somebody else repeat this, and how sure is it?"""

import numpy as np

from keras_reid.attacks import NOISES
from keras_reid.evaluation.checks import rows as pick
from keras_reid.evaluation.checks.check import FAIL, PASS, WARN, Finding, graded, not_collected
from keras_reid.evaluation.checks.compare import SIGMAS, points, standard_error
from keras_reid.evaluation.worst_case import bootstrap_interval, valid, worst_precision

SEEDS = 3
# Deviation of an attack's mAP over seeds, above which one seed's figure says little; on few
# queries, what so few queries let any mAP deviate is allowed on top.
DEVIATION_WARN, DEVIATION_FAIL = 0.03, 0.1
# Half the bootstrap interval: beyond the first, models of the tables can't be told apart; beyond
# the second, the figure is none.
HALF_WARN, HALF_FAIL = 0.15, 0.3
# Of fewer queries, a bootstrap interval is too narrow by a tenth and more.
MANY = 20
SAME_SHARE = 1e-6


def several_seeds(evidence):
    """What depends on chance was measured with several seeds, which agree."""
    measured = [r for r in pick.attacks(evidence.rows) if pick.random_start(r.attack)]
    measured += pick.noises(evidence.rows)
    if not measured:
        return not_collected("Nothing that depends on a seed was measured", "add sma to --attacks")
    seeds = len({r.seed for r in measured})
    if seeds < SEEDS:
        return not_collected(f"Only {seeds} of {SEEDS} seeds were measured", "use --seeds=3")
    cells = [cell for cell in pick.grouped(measured, pick.cell).values() if len(cell) > 1]
    deviations = [float(np.std([r.figures["mean_ap"] for r in cell], ddof=1)) for cell in cells]
    deviation = max(deviations)
    row = cells[deviations.index(deviation)][0]
    # All seeds see the same queries: only what a query does from seed to seed is chance here.
    scores = np.array([r.average_precision for r in cells[deviations.index(deviation)]])
    few = SIGMAS * max(standard_error(each) for each in scores - scores.mean(axis=0))
    figure = f"{seeds} seeds, {points(deviation)}"
    verdict = graded(deviation, max(DEVIATION_WARN, few), max(DEVIATION_FAIL, 2 * few))
    if verdict == PASS:
        return Finding(PASS, figure, "The seeds agree.")
    return Finding(
        verdict,
        figure,
        f"The mAP of {pick.said(row)} deviates by {points(deviation)} from seed to seed; take more "
        "--seeds, more --restarts or more queries.",
    )


def seeds_matter(evidence):
    """Another seed is another measurement: noise of two seeds differs."""
    cells = pick.grouped([r for r in evidence.rows if r.attack in NOISES], pick.cell).values()
    cells = [cell for cell in cells if cell[0].epsilon_255 >= 1 and len({r.seed for r in cell}) > 1]
    if not cells:
        return not_collected("No noise was measured with two seeds", "use --seeds=3")
    for cell in cells:
        first, *others = (row.displacement for row in cell)
        if any(np.array_equal(first, other) for other in others):
            return Finding(
                FAIL,
                "identical",
                f"{pick.said(cell[0])} did exactly the same under two seeds: the seed has no "
                "effect, and the deviation over seeds is none.",
            )
    return Finding(PASS, f"{len(cells)} cells", "Another seed draws another perturbation.")


def interval_narrow(evidence):
    """The bootstrap interval over queries is narrow enough to say something."""
    measured = pick.attacks(evidence.rows)
    if not measured:
        return not_collected("No attack was measured", "name some with --attacks")
    widths = []
    for rows in pick.grouped(measured, pick.ball).values():
        scores = worst_precision(rows)
        if not np.isfinite(scores).any():
            return not_collected(
                "There are no scores per query", "evaluate again in a new --workdir"
            )
        people = evidence.query_pids
        people = None if people is None else people[np.isfinite(scores)]
        low, high = bootstrap_interval(valid(scores), people)
        widths.append(((high - low) / 2, rows[0]))
    half, row = max(widths, key=lambda found: found[0])
    verdict = graded(half, HALF_WARN, HALF_FAIL)
    queries = int(np.isfinite(row.average_precision).sum())
    if verdict == PASS and queries < MANY:
        return Finding(
            WARN,
            f"{queries} queries",
            f"{queries} queries with a match are too few for an interval; take a larger query set.",
        )
    if verdict == PASS:
        return Finding(PASS, f"+- {points(half)}", "The queries are many enough for the figures.")
    return Finding(
        verdict,
        f"+- {points(half)}",
        f"The worst case at {row.epsilon_255:g}/255 on the {row.attacked} is known to "
        f"{points(half)} only: too few queries, or too few with a match.",
    )


def queries_recorded(evidence):
    """Every row has a score and a first hit per query, the same queries in all of them."""
    rows = [*evidence.rows, *(evidence.twin or [])]
    if not rows:
        return not_collected("Nothing was measured", "name some --attacks")
    valid = np.isfinite(rows[0].average_precision)
    for row in rows:
        if not _complete(row, valid):
            return Finding(
                FAIL,
                "incomplete",
                f"{pick.said(row)} has no score and first hit for each query, or for other queries "
                "than the rest. Run the evaluation again in a new workdir.",
            )
    return Finding(
        PASS,
        f"{int(valid.sum())} queries",
        f"{int(valid.sum())} of {len(valid)} queries have a match and a score in every row.",
    )


def command_known(evidence):
    """The command that reproduces the figures is part of them."""
    if evidence.command and evidence.command.strip():
        return Finding(PASS, "given", "The command that reproduces these figures is given.")
    return Finding(
        WARN,
        "none",
        "No command reproduces these figures; measure with python -m trainers.evaluate_robustness.",
    )


def _complete(row, valid):
    precision, first = np.asarray(row.average_precision), np.asarray(row.first_hit)
    if not precision.shape == first.shape == valid.shape or not valid.any():
        return False
    known = np.isfinite(precision)
    if not np.array_equal(known, valid) or not np.array_equal(np.isfinite(first), valid):
        return False
    if precision[known].min() < 0 or precision[known].max() > 1 or first[known].min() < 1:
        return False
    return abs(np.mean(first[known] == 1) - row.figures["rank1"]) <= SAME_SHARE
