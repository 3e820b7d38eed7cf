"""A verdict on a published claim turns with what was measured: three outcomes for each judge."""

import numpy as np
import pytest

from keras_reid.evaluation.study.claims import (
    FAILS,
    HOLDS,
    OPEN,
    Claim,
    at_least_as_strong,
    judge_claim,
    stronger,
)
from keras_reid.evaluation.study.variants import make_questions, make_variants

RNG = np.random.default_rng(0)
# 200 queries, one without a match; differences of 0.1 on the mean, sure, or of 0.03 in much noise.
LOW = np.append(RNG.uniform(0.2, 0.4, 199), np.nan)
HIGH = LOW + 0.1
NOISY = LOW + 0.03 + RNG.normal(0, 0.3, 200)
NEAR = LOW + 0.005


@pytest.mark.parametrize(
    "judge,attack,other,verdict",
    [
        (stronger, LOW, HIGH, HOLDS),
        (stronger, HIGH, LOW, FAILS),
        (stronger, LOW, NOISY, OPEN),  # sure of nothing
        (stronger, LOW, NEAR, OPEN),  # sure, but half a point
        (at_least_as_strong, LOW, HIGH, HOLDS),
        (at_least_as_strong, LOW, LOW, HOLDS),
        (at_least_as_strong, NEAR, LOW, HOLDS),  # half a point weaker is as strong
        (at_least_as_strong, HIGH, LOW, FAILS),
        (at_least_as_strong, NOISY, LOW, OPEN),
    ],
)
def test_the_judges_have_three_verdicts(judge, attack, other, verdict):
    assert judge(attack, other) == verdict


def claim(judge=stronger):
    return Claim(name="n", text="a beats both", judge=judge, pairs=(("a", "b"), ("a", "c")))


def judged(a, b, c):
    """At epsilon 2 all are alike, at 5 as given."""
    scores = {k: {2.0: LOW, 5.0: v} for k, v in {"a": a, "b": b, "c": c}.items()}
    return judge_claim(claim(), "mean_ap", scores, {"a": "A", "b": "B", "c": "C"})


@pytest.mark.parametrize(
    "b,c,verdict,words",
    [
        (HIGH, HIGH + 0.2, HOLDS, "a beats both holds here"),
        (LOW - 0.1, HIGH, FAILS, "a beats both does not hold here"),
        (HIGH, NOISY, OPEN, "a beats both is not settled here"),
        (LOW - 0.1, NOISY, FAILS, "does not hold here"),
    ],
)
def test_a_claim_about_two_pairs_holds_where_both_do(b, c, verdict, words):
    found = judged(LOW, b, c)
    assert found["verdict"] == verdict and words in found["sentence"]
    assert found["by_epsilon"] == [[2.0, OPEN], [5.0, verdict]]


def test_the_sentence_has_the_figures():
    found = judged(LOW, HIGH, HIGH + 0.2)
    first, second = found["pairs"]
    # Half of 0.1 and of 0.3: the mean over both epsilons.
    assert first["difference"] == pytest.approx(0.05)
    assert second["difference"] == pytest.approx(0.15)
    low = f"{100 * np.nanmean(LOW):.1f} % mAP under A"
    assert f"as the mean over epsilon 2, 5, {low}, " in found["sentence"]
    assert "under B (+5.00 points, chance may do 1.00)" in found["sentence"]
    assert "taken alone, it holds at 5, it is not settled at 2." in found["sentence"]


def test_one_epsilon_is_told_once():
    scores = {key: {5.0: value} for key, value in {"a": LOW, "b": HIGH, "c": HIGH}.items()}
    found = judge_claim(claim(), "rank1", scores, {"a": "A", "b": "B", "c": "C"})
    assert "holds here: at 5/255, " in found["sentence"]
    assert "% rank-1 under A" in found["sentence"] and "alone" not in found["sentence"]


def test_questions_show_and_compare_known_variants():
    variants = make_variants(5)
    assert variants["both"].num_push + variants["both"].num_pull == 5
    shown = set()
    for question in make_questions(variants):
        shown |= set(question.shown.values())
        for each in question.claims:
            assert {key for pair in each.pairs for key in pair} <= set(question.shown.values())
    assert shown == set(variants)
