"""Worst case, intervals and score against loops that anybody can read."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_reid.evaluation.evidence import Row
from keras_reid.evaluation.subset import on_subset
from keras_reid.evaluation.worst_case import (
    bootstrap_interval,
    hardest_attacks,
    over_seeds,
    robustness_score,
    shares,
    valid,
    worst_hit,
    worst_precision,
)

FIELDS = {field.name for field in dataclasses.fields(Row)}


def row(attack, precision, first_hit, seed=0, **rest):
    usual = dict.fromkeys(FIELDS - {"extra"}) | {"attack": attack, "seed": seed}
    arrays = {
        "average_precision": np.array(precision, float),
        "first_hit": np.array(first_hit, float),
        "displacement": np.arange(len(precision), dtype=float),
    }
    return Row(**{**usual, **arrays, **rest})


NAN = float("nan")
ROWS = [
    row("sma", [1.0, 0.2, 0.5, NAN], [1, 5, 2, NAN]),
    row("fna", [0.1, 0.9, 0.5, NAN], [10, 1, 2, NAN]),
]


def test_the_mean_of_minima_is_not_the_minimum_of_means():
    worst = worst_precision(ROWS)
    for query in range(3):
        assert worst[query] == min(row.average_precision[query] for row in ROWS)
    assert np.isnan(worst[3])
    figures = shares(worst, worst_hit(ROWS))
    assert figures["mean_ap"] == pytest.approx((0.1 + 0.2 + 0.5) / 3)
    assert figures["mean_ap"] < min(np.nanmean(row.average_precision) for row in ROWS)
    assert figures["rank1"] == 0 and figures["rank5"] == pytest.approx(2 / 3)
    assert shares(worst, worst_hit(ROWS), absent=0.0)["mean_ap"] == pytest.approx(0.8 / 4)


def test_each_query_has_its_hardest_attack_and_ties_are_shared():
    assert hardest_attacks(ROWS) == {"fna": pytest.approx(0.5), "sma": pytest.approx(0.5)}
    again = [*ROWS, row("sma", [1.0, 0.1, 0.6, NAN], [1, 9, 1, NAN], seed=1)]
    assert sum(hardest_attacks(again).values()) == pytest.approx(1)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_an_interval_holds_the_mean(values):
    low, high = bootstrap_interval(values, samples=100)
    assert low <= np.mean(values) <= high
    assert min(values) - 1e-12 <= low and high <= max(values) + 1e-12


def test_more_queries_make_it_narrower_and_it_is_the_textbook_one():
    values = np.random.default_rng(0).random(4000)
    width = [np.diff(bootstrap_interval(values[:count]))[0] for count in (40, 400, 4000)]
    assert width[0] > 2 * width[1] > 4 * width[2]
    # 2 * 1.96 standard errors of the mean.
    assert width[2] == pytest.approx(3.92 * values.std() / np.sqrt(4000), rel=0.1)
    assert bootstrap_interval(values) == bootstrap_interval(values)


def test_queries_of_one_person_count_once():
    random = np.random.default_rng(3)
    people = np.repeat(np.arange(40), 10)
    alike = np.repeat(random.random(40), 10)  # every query of a person the same
    by_query = np.diff(bootstrap_interval(alike))[0]
    by_person = np.diff(bootstrap_interval(alike, people))[0]
    # Ten queries that say the same are one: the interval is that of forty values.
    assert by_person == pytest.approx(np.diff(bootstrap_interval(alike[::10]))[0], rel=1e-6)
    assert by_person > 2.5 * by_query
    own = bootstrap_interval(alike, np.arange(400))
    assert own == bootstrap_interval(alike)


def test_seeds_have_a_mean_and_a_sample_deviation():
    assert over_seeds([0.1, 0.3]) == {
        "mean": pytest.approx(0.2), "deviation": pytest.approx(np.sqrt(0.02)), "seeds": 2,
    }  # fmt: skip
    assert over_seeds([0.1])["deviation"] is None


@pytest.mark.parametrize(
    "epsilons,figures,expected",
    [
        ((0, 4), (0.8, 0.8), 1.0),
        ((4,), (0.0,), 0.5),  # a straight line from clean to nothing
        ((0, 2, 4), (0.8, 0.0, 0.0), 0.25),
        ((0,), (0.8,), None),
    ],
)
def test_the_score_is_the_area_over_that_of_a_model_nothing_moves(epsilons, figures, expected):
    score = robustness_score(epsilons, figures, 0.8)
    assert score == (None if expected is None else pytest.approx(expected))


def test_a_subset_keeps_what_belongs_to_its_queries():
    people = [("a", 1), ("d", 0), ("b", 2), ("c", 3)]
    query = [type("R", (), {"path": path, "pid": pid, "camid": 1}) for path, pid in people]
    # Displacements are of people only: a, b, c.
    whole = row("sma", [0.4, NAN, 0.6, 0.8], [2, NAN, 1, 7], displacement=np.array([5.0, 6.0, 7.0]))
    (some,) = on_subset([whole], (2, 3), query)
    assert some.average_precision.tolist() == [0.6, 0.8]
    assert some.displacement.tolist() == [6.0, 7.0]
    assert some.figures["mean_ap"] == pytest.approx(0.7) and some.figures["rank5"] == 0.5
    assert on_subset([whole], (), query) == []


def test_valid_leaves_out_or_counts_as_nothing():
    assert valid([0.5, NAN]).tolist() == [0.5]
    assert valid([0.5, NAN], 0.0).tolist() == [0.5, 0.0]
