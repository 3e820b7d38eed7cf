"""Point 5: are the attacks as strong as they can be made?"""

from keras_reid.evaluation.checks import rows as pick
from keras_reid.evaluation.checks.check import FAIL, PASS, WARN, Finding, graded, not_collected
from keras_reid.evaluation.checks.compare import SLACK, points, rise

# Steps that sum to epsilon reach the edge of the ball from the clean image; half of that is an
# attack on a ball of half the size.
PATH_WARN, PATH_FAIL = 1.0, 0.5
# mAP lost by doubling the steps: up to this an evaluation is called converged ...
DOUBLING_WARN = 0.02
# ... and from this on its headline is another number.
DOUBLING_FAIL = 0.05
# Rank-1 that may be left at a large epsilon; published models keep less, defended ones too.
RANK1_WARN, RANK1_FAIL = 0.1, 0.3


def step_fits(evidence):
    """The steps of an attack sum to epsilon at least."""
    measured = pick.iterative(evidence.rows)
    if not measured:
        return not_collected(
            "No iterative attack was measured", "add ifgsm, sma or fna to --attacks"
        )
    row = min(measured, key=_path)
    path, figure = _path(row), f"{_path(row):.1f} x epsilon"
    if path >= PATH_WARN - 1e-6 and row.reaches_the_edge:
        return Finding(PASS, figure, "Every attack can reach the edge of its ball.")
    return Finding(
        FAIL if path < PATH_FAIL else WARN,
        figure,
        f"{pick.said(row)} takes {row.steps} steps of {row.step_size_255:g}/255 and can't reach "
        "the edge of its ball, which flatters the model; use --step=fit or more --steps.",
    )


def iterative_beats_one_step(evidence):
    """Many steps are at least as strong as one, for the same objective."""
    compared, worse = 0, []
    wanted = (pick.ONE_STEP, *pick.LIKE_ONE_STEP)
    rows = [r for r in pick.attacks(evidence.rows) if r.attack in wanted]
    for same in pick.grouped(rows, lambda r: pick.cell(r)[1:]).values():
        one = [r for r in same if r.attack == pick.ONE_STEP]
        many = [r for r in same if r.attack != pick.ONE_STEP]
        if one and many:
            compared += 1
            best = pick.strongest(many)[0]
            gap = rise(pick.scores(one), pick.scores(best))
            if gap.real:
                worse.append((gap.mean, best[0]))
    if not compared:
        return not_collected(
            "One step and many were not compared", "put fgsm and ifgsm into --attacks"
        )
    if worse:
        gap, row = max(worse, key=lambda found: found[0])
        return Finding(
            FAIL,
            f"{points(gap)} worse",
            f"{pick.said(row)} is weaker than one step of fgsm: its gradients lead nowhere after "
            "the first step. Check step size and projection; else suspect masked gradients.",
        )
    return Finding(PASS, f"{compared} pairs", "Many steps are at least as strong as one.")


def monotone(evidence):
    """A larger ball never helps the model: iterative attacks, epsilon by epsilon."""
    curves = pick.grouped(pick.iterative(evidence.rows), lambda r: pick.cell(r)[:3])
    compared, rises = 0, []
    for curve in curves.values():
        cells = pick.grouped(sorted(curve, key=lambda r: r.epsilon_255), pick.cell)
        below = None
        for cell in cells.values():
            if below is not None:
                compared += 1
                gap = rise(pick.scores(below), pick.scores(cell))
                if gap.real:
                    rises.append((gap.mean, cell[0]))
            # Against the lowest so far, so that a slow climb adds up.
            if below is None or pick.mean_ap(cell) < pick.mean_ap(below):
                below = cell
    if not compared:
        return not_collected("One epsilon makes no curve", "give several --epsilons_255")
    if rises:
        gap, row = max(rises, key=lambda found: found[0])
        return Finding(
            FAIL,
            f"rises by {points(gap)}",
            f"{pick.said(row)} costs less than a smaller epsilon does, though its ball holds the "
            "smaller one: the attack fails there. Take more steps or restarts.",
        )
    return Finding(PASS, f"{compared} steps", "Every curve falls with epsilon.")


def steps_suffice(evidence):
    """Twice the steps lower the mAP by little."""
    longer = [r for r in evidence.rows if pick.doubled(r) and r.epsilon_255 > 0]
    plain = {(*pick.cell(r), r.seed): r for r in pick.attacks(evidence.rows)}
    pairs = [(plain.get((*pick.cell(r), r.seed)), r) for r in longer]
    losses = [
        (rise(two.average_precision, one.average_precision), one)
        for one, two in pairs
        if one is not None
    ]
    if not losses:
        return not_collected(
            "No attack ran with twice its steps",
            "measure an iterative attack, without --nodouble_steps",
        )
    gap, row = max(losses, key=lambda found: found[0].mean - found[0].tolerance)
    loss = gap.mean
    verdict = graded(loss, DOUBLING_WARN, DOUBLING_FAIL) if gap.real else PASS
    if verdict == PASS:
        return Finding(PASS, points(max(loss, 0.0)), "Twice the steps change little.")
    return Finding(
        verdict,
        points(loss),
        f"Twice the steps cost the model another {points(loss)} of mAP under {pick.said(row)}: "
        "the attack had not ended. Take more --steps.",
    )


def breaks_at_last(evidence):
    """At a large epsilon nothing of rank-1 is left."""
    measured = pick.white_box(evidence.rows)
    largest = max((r.epsilon_255 for r in measured), default=0.0)
    if largest < pick.LARGE_EPSILON:
        return not_collected(
            f"Nothing was measured at {pick.LARGE_EPSILON:g}/255 or above",
            f"add {pick.LARGE_EPSILON:g} to --epsilons_255",
        )
    rank1 = {
        side: min(r.figures["rank1"] for r in rows)
        for (side, epsilon), rows in pick.grouped(measured, pick.ball).items()
        if epsilon == largest
    }
    side, left = max(rank1.items(), key=lambda found: found[1])
    # A random ranking finds somebody, too.
    floor = evidence.chance["rank1"] + SLACK
    verdict = graded(left, max(RANK1_WARN, floor), max(RANK1_FAIL, 2 * floor))
    if verdict == PASS:
        return Finding(PASS, points(left), f"Rank-1 is gone at {largest:g}/255.")
    return Finding(
        verdict,
        points(left),
        f"Rank-1 is still {points(left)} at {largest:g}/255 on the {side}, where nothing should be "
        "left: the attacks are too weak, or gradients are masked. Try a larger epsilon.",
    )


def _path(row):
    return row.steps * row.step_size_255 / row.epsilon_255
