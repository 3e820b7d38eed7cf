"""A published claim, held against what was measured: it holds, it does not, or nothing is settled.

A claim says of pairs of variants that the first is the stronger attack. Each pair is compared query
by query, the scores averaged over seeds and epsilons; one point and three standard errors are what
a difference must exceed.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from keras_reid.evaluation.checks.compare import SIGMAS, SLACK, points, rise, standard_error

HOLDS, FAILS, OPEN = "holds", "does not hold", "not settled"
MEASURES = {"mean_ap": "mAP", "rank1": "rank-1"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claim:
    """name: for a table. text: as published, a sentence's middle.

    pairs: (stronger, weaker) keys of variants. judge: (scores, scores) -> HOLDS, FAILS or OPEN.
    """

    name: str
    text: str
    pairs: tuple
    judge: Callable


def stronger(attack, other):
    """Whether an attack leaves less than another; scores [Q], NaN where a query has no match."""
    if rise(attack, other).real:
        return HOLDS
    return FAILS if rise(other, attack).real else OPEN


def at_least_as_strong(attack, other):
    """Whether an attack surely leaves no more than another, one point aside."""
    if rise(other, attack).real:
        return FAILS
    difference = np.asarray(other, np.float64) - attack
    lowest = np.nanmean(difference) - SIGMAS * standard_error(difference)
    return HOLDS if lowest >= -SLACK else OPEN


def together(verdicts):
    """The verdict on a claim about several pairs."""
    if FAILS in verdicts:
        return FAILS
    return OPEN if OPEN in verdicts else HOLDS


def judge_claim(claim, measure, scores, names):
    """What became of a claim.

    Args:
      claim: Claim. measure: key of `MEASURES`.
      scores: {variant: {epsilon in 1/255: [Q] in [0, 1]}}, epsilons above 0.
      names: {variant: what it is called}.

    Returns:
      {"claim", "text", "measure", "verdict", "sentence", "pairs", "by_epsilon"}; each of "pairs"
      has "stronger", "weaker", their means, "difference", "tolerance" and "verdict".
    """
    epsilons = list(scores[claim.pairs[0][0]])
    means = {name: np.mean(list(each.values()), axis=0) for name, each in scores.items()}
    pairs = [_compared(claim, pair, means) for pair in claim.pairs]
    by_epsilon = {
        epsilon: together([claim.judge(scores[a][epsilon], scores[b][epsilon])
                           for a, b in claim.pairs])
        for epsilon in epsilons
    }  # fmt: skip
    verdict = together([pair["verdict"] for pair in pairs])
    return {
        "claim": claim.name,
        "text": claim.text,
        "measure": measure,
        "verdict": verdict,
        "sentence": _sentence(claim, MEASURES[measure], verdict, pairs, by_epsilon, names),
        "pairs": pairs,
        "by_epsilon": [[epsilon, by_epsilon[epsilon]] for epsilon in epsilons],
    }


def _compared(claim, pair, means):
    attack, other = (means[name] for name in pair)
    gap = rise(attack, other)
    return {
        "stronger": pair[0],
        "weaker": pair[1],
        "stronger_mean": float(np.nanmean(attack)),
        "weaker_mean": float(np.nanmean(other)),
        "difference": gap.mean,
        "tolerance": gap.tolerance,
        "verdict": claim.judge(attack, other),
    }


def _sentence(claim, measure, verdict, pairs, by_epsilon, names):
    epsilons = _listed(by_epsilon)
    compared = "; ".join(
        f"{points(pair['stronger_mean'])} {measure} under {names[pair['stronger']]}, "
        f"{points(pair['weaker_mean'])} under {names[pair['weaker']]} "
        f"({100 * pair['difference']:+.2f} points, chance may do {100 * pair['tolerance']:.2f})"
        for pair in pairs
    )
    alone = ", ".join(
        f"it {kind} at {_listed(where)}" if kind != OPEN else f"it is {kind} at {_listed(where)}"
        for kind in (HOLDS, FAILS, OPEN)
        if (where := [epsilon for epsilon, found in by_epsilon.items() if found == kind])
    )
    copula = "is " if verdict == OPEN else ""
    over = f"as the mean over epsilon {epsilons}" if len(by_epsilon) > 1 else f"at {epsilons}/255"
    told = f"; taken alone, {alone}" if len(by_epsilon) > 1 else ""
    return (
        f"The published claim that {claim.text} {copula}{verdict} here: {over}, {compared}{told}."
    )


def _listed(epsilons):
    return ", ".join(f"{epsilon:g}" for epsilon in epsilons)
