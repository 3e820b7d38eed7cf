"""Ranking metrics against the released references, SPEC 5's vectors and a loop over queries."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from keras_reid.errors import ReIDError
from keras_reid.retrieval import AVERAGE_PRECISIONS, evaluate_ranking
from tests.retrieval import oracles


def labels(golden):
    return [
        golden[f"{side}_{what}"] for side in ("query", "gallery") for what in ("pids", "camids")
    ]


@pytest.mark.parametrize("kind,name", [("standard", "standard"), ("market_toolbox", "trapezoid")])
@pytest.mark.parametrize("chunk", [1, 7, 128])
def test_equals_the_released_references(golden, kind, name, chunk):
    result = evaluate_ranking(
        golden["distances"], *labels(golden), average_precision=kind, chunk=chunk
    )
    assert result.mean_ap == pytest.approx(float(golden[f"map_{name}"]), rel=1e-6)
    np.testing.assert_allclose(result.cmc[:20], golden[f"cmc_{name}"], rtol=1e-6)


@pytest.mark.parametrize(
    "ranks,standard,trapezoid", [([1], 0.5, 0.25), ([0, 5, 10, 50], 0.42112, 0.39306)]
)
def test_vectors_of_the_specification(ranks, standard, trapezoid):
    pids = np.full(60, 2)
    pids[ranks] = 1
    for kind, expected in zip(AVERAGE_PRECISIONS, (standard, trapezoid), strict=True):
        result = evaluate_ranking(
            [np.arange(60.0)], [1], [1], pids, np.full(60, 2), average_precision=kind
        )
        assert result.mean_ap == pytest.approx(expected, abs=5e-6)


def test_same_camera_matches_are_ignored():
    # Query: person 1, camera 1. Gallery by distance: [1 same camera, 2, 1 other camera].
    # The first is dropped, so the only hit is at rank 2: precision 1/2 there, AP = 1/2.
    # Market toolbox: trapezoid between (1-1)/(2-1) and 1/2, so 1/4. mINP: 1 match / rank 2.
    arguments = [[0.1, 0.2, 0.3]], [1], [1], [1, 2, 1], [1, 3, 2]
    result = evaluate_ranking(*arguments)
    assert list(result.cmc) == [0, 1, 1]
    assert (result.mean_ap, result.mean_inp) == (0.5, 0.5)
    assert evaluate_ranking(*arguments, average_precision="market_toolbox").mean_ap == 0.25


def test_junk_is_dropped_and_distractors_are_negatives():
    # By distance: junk, distractor, match. Junk does not count, so the match has rank 2.
    result = evaluate_ranking([[0.1, 0.2, 0.3]], [1], [1], [-1, 0, 1], [2, 2, 2])
    assert result.first_match[0] == 2


@pytest.mark.parametrize("pid", [-1, 0])
def test_nobody_is_looking_for_junk_or_a_distractor(pid):
    # The second query could only match another distractor, or junk; it is skipped.
    result = evaluate_ranking([[0.1, 0.2], [0.1, 0.2]], [1, pid], [1, 1], [1, pid], [2, 2])
    assert result.valid_queries == result.skipped_queries == 1


def test_ties_keep_the_order_of_the_gallery():
    # All at the same distance: the match is where it is listed, here third.
    result = evaluate_ranking(np.zeros([1, 4]), [1], [1], [2, 3, 1, 4], [2, 2, 2, 2])
    assert result.first_match[0] == 3
    # -0.0 is 0.0.
    result = evaluate_ranking(np.array([[0.0, -0.0]], np.float32), [1], [1], [2, 1], [2, 2])
    assert result.first_match[0] == 2


def test_queries_without_a_match_are_skipped_and_counted():
    # First query: hit at rank 1. Second: its person is not there. Third: only by its own camera.
    arguments = np.tile([0.1, 0.2], [3, 1]), [1, 9, 2], [1, 1, 2], [1, 2], [2, 2]
    result = evaluate_ranking(*arguments)
    assert result.mean_ap == 1.0 and result.cmc[0] == 1.0
    assert result.valid_queries == 1 and result.skipped_queries == 2
    np.testing.assert_array_equal(result.average_precisions, [1, np.nan, np.nan])
    np.testing.assert_array_equal(result.first_match, [1, 0, 0])
    # The Market toolbox counts them as 0.
    toolbox = evaluate_ranking(*arguments, average_precision="market_toolbox")
    assert toolbox.mean_ap == pytest.approx(1 / 3) and toolbox.cmc[0] == 1.0


def test_one_identity_included():
    # Everybody is person 1: every image of another camera is a match, the ranking perfect.
    result = evaluate_ranking(np.random.rand(2, 3), [1, 1], [1, 2], [1, 1, 1], [1, 2, 3])
    assert result.mean_ap == result.mean_inp == result.cmc[0] == 1.0


def test_rank_beyond_the_gallery_is_the_whole_gallery():
    result = evaluate_ranking([[0.2, 0.1]], [1], [1], [1, 2], [2, 2])
    assert (result.rank(1), result.rank(2), result.rank(10)) == (0.0, 1.0, 1.0)


@st.composite
def problems(draw):
    queries, gallery = draw(st.integers(1, 6)), draw(st.integers(1, 25))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    people, cameras = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    distance = rng.normal(size=[queries, gallery])
    if draw(st.booleans()):
        distance = distance.round()  # ties
    return (
        distance.astype(draw(st.sampled_from([np.float32, np.float64]))),
        rng.integers(-1, people, queries),
        rng.integers(0, cameras, queries),
        rng.integers(-1, people, gallery),
        rng.integers(0, cameras, gallery),
    )


@settings(max_examples=150, deadline=None)
@given(problem=problems(), kind=st.sampled_from(AVERAGE_PRECISIONS), chunk=st.integers(1, 7))
def test_equals_a_loop_over_queries(problem, kind, chunk):
    ranks = oracles.ranking(*problem)
    valid = [r for r in ranks if r]
    assume(valid)
    result = evaluate_ranking(*problem, average_precision=kind, chunk=chunk)
    expected = [oracles.average_precision(r, kind) if r else np.nan for r in ranks]
    np.testing.assert_allclose(result.average_precisions, expected, rtol=1e-12)
    counted = expected if kind == "standard" else np.nan_to_num(expected)
    assert result.mean_ap == pytest.approx(np.nanmean(counted))
    assert result.mean_inp == pytest.approx(np.mean([len(r) / r[-1] for r in valid]))
    size = problem[0].shape[1]
    cmc = [np.mean([r[0] <= k for r in valid]) for k in range(1, size + 1)]
    np.testing.assert_allclose(result.cmc, cmc)
    np.testing.assert_array_equal(result.first_match, [r[0] if r else 0 for r in ranks])
    assert result.valid_queries == len(valid)


@settings(max_examples=40, deadline=None)
@given(problem=problems(), power=st.sampled_from([1, 3]), scale=st.floats(0.5, 2))
def test_only_the_order_of_distances_matters(problem, power, scale):
    distance, *labels = problem
    assume(any(oracles.ranking(*problem)))
    one = evaluate_ranking(distance.astype(np.float64), *labels)
    other = evaluate_ranking((distance.astype(np.float64) * scale) ** power, *labels)
    assert (one.mean_ap, one.mean_inp) == (other.mean_ap, other.mean_inp)
    assert (np.diff(one.cmc) >= 0).all() and one.cmc[-1] == 1.0


@pytest.mark.parametrize(
    "change,words",
    [
        ({"distance": np.zeros([2, 3])}, r"shape \(2, 3\), but there are 2 queries and 2 gallery"),
        ({"distance": np.zeros(2)}, "shape"),
        ({"query_camids": [1]}, "query pids and camids must be lists of the same length"),
        ({"gallery_pids": [[1, 2]]}, "gallery pids and camids"),
        ({"distance": np.zeros([0, 2]), "query_pids": [], "query_camids": []}, "no query image"),
        (
            {"distance": np.zeros([2, 0]), "gallery_pids": [], "gallery_camids": []},
            "no gallery image",
        ),
        ({"distance": [[0, 1], [np.nan, 0]]}, r"pid 2\) to a gallery image \(pid 1\) is not a num"),
        ({"gallery_pids": [7, 8]}, "none of the 2 queries"),
        ({"gallery_pids": [-1, -1]}, "none of the 2 queries"),
        ({"gallery_camids": [1, 1]}, "none of the 2 queries"),
        ({"average_precision": "best"}, "no average precision is called 'best'"),
        ({"chunk": 0}, "chunk is 0"),
    ],
)
def test_wrong_arguments_get_a_sentence(change, words):
    arguments = {
        "distance": np.array([[0.1, 0.2], [0.2, 0.1]]),
        "query_pids": [1, 2],
        "query_camids": [1, 1],
        "gallery_pids": [1, 2],
        "gallery_camids": [2, 2],
    }
    with pytest.raises(ReIDError, match=words):
        evaluate_ranking(**(arguments | change))
