"""What a robustness evaluation found, in the first sentences of its page."""

from keras_reid.evaluation.checks.check import FAIL, PASS, WARN
from keras_reid.reports.content import KeyFigure
from keras_reid.reports.robustness_reading import (
    TWIN,
    VICTIM,
    WHOLE,
    clean_of,
    interval,
    of_clean,
    percent,
    roles,
    score_of,
    sides,
    worst_at,
)

NAMED = {VICTIM: "This model", TWIN: "Its undefended twin"}


def warning(checks):
    """One sentence when a check fails, else nothing."""
    failed = [check.name for check in checks if check.verdict == FAIL]
    if not failed:
        return ""
    count = "1 check fails" if len(failed) == 1 else f"{len(failed)} checks fail"
    return (
        f"{count}: {', '.join(failed)}. Do not rely on the figures of this page before you have "
        "read why, under Checks."
    )


def sentences(results, checks):
    """Clean and worst case of the model; the same of its twin; chance; the verdicts."""
    data, chance = results["data"], results["chance"]
    for role in roles(results):
        yield role_sentence(results, role)
    yield (
        f"Measured over {results['clean']['valid_queries']} queries and {data['gallery']} gallery "
        f"images; a random ranking reaches {percent(chance['mean_ap'])} mAP."
    )
    yield verdicts(checks)


def role_sentence(results, role):
    """What a model reaches, and what the worst attack for each query leaves of it."""
    clean = clean_of(results, role)
    left = " ".join(left_words(results, role, side) for side in sides(results))
    return (
        f"{NAMED[role]} reaches {percent(clean['mean_ap'])} mAP without attack (95\u00a0% interval "
        f"{interval(clean)}). {left}"
    )


def left_words(results, role, side):
    """What is left with one side attacked."""
    worst, score = worst_at(results, role, side), score_of(results, role, side)
    share = of_clean(worst, clean_of(results, role))
    where = f", with {WHOLE[side]} attacked" if len(sides(results)) > 1 else ""
    parts = []
    if share is not None:
        parts.append(f"{share:.0f}\u00a0% of the clean figure")
    if score is not None:
        parts.append(f"robustness score {score:.3f} up to {largest(results)}/255")
    return (
        f"Under the worst attack for each query at epsilon {results['headline_255']:g}/255{where}, "
        f"{percent(worst['mean_ap'])} ({interval(worst)}) is left"
        f"{': ' if parts else ''}{', '.join(parts)}."
    )


def largest(results):
    """The largest epsilon in 1/255, where the score's area ends: only equal grids compare."""
    return f"{max(results['plan']['epsilons_255']):g}"


def verdicts(checks):
    """How many checks pass, warn and fail."""
    count = {
        verdict: sum(check.verdict == verdict for check in checks) for verdict in (PASS, WARN, FAIL)
    }
    return (
        f"Of {len(checks)} checks that this report makes on itself, {count[PASS]} pass, "
        f"{count[WARN]} warn and {count[FAIL]} fail."
    )


def key_figures(results):
    """Clean, worst case, chance and score of the first side, the twin's in the small print."""
    side, epsilon = sides(results)[0], f"{results['headline_255']:g}/255"

    def both(label, figure_of):
        figures = [figure_of(role) for role in roles(results)]
        return KeyFigure(label, figures[0], "".join(f"twin {figure}" for figure in figures[1:]))

    def score(role):
        value = score_of(results, role, side)
        return "none" if value is None else f"{value:.3f}"

    yield both("clean mAP", lambda role: percent(clean_of(results, role)["mean_ap"]))
    yield both(
        f"worst case, {epsilon}", lambda role: percent(worst_at(results, role, side)["mean_ap"])
    )
    yield KeyFigure("chance", percent(results["chance"]["mean_ap"]), "a random ranking")
    yield both(f"score up to {largest(results)}/255", score)
