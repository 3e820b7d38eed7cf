"""Guides that a data set does not have: refused, or said."""

import pytest

from keras_reid.errors import ReIDError
from keras_reid.evaluation.guide_checks import check_guides, short_of_guides

PIDS = [1, 1, 1, 2, 2, 3, 0, 0, 0, 0, -1]


def test_one_identity_guides_nobody():
    with pytest.raises(ReIDError, match="guides from query need at least two identities"):
        check_guides("query", [1, 1, 0, 0, -1], 1)


def test_more_pushes_than_anybody_has_are_refused_and_distractors_are_nobody():
    check_guides("gallery", PIDS, 3)
    with pytest.raises(ReIDError, match="num_push=4 .* none has more than 3; take num_push=3"):
        check_guides("gallery", PIDS, 4)


def test_who_has_fewer_is_said():
    told = short_of_guides("query", PIDS, "query", PIDS, 2)
    assert told.startswith("2 of 6 images of the query have fewer than 2 others")  # those of 2
    told = short_of_guides("gallery", PIDS, "query", [1, 2, 3, 4, 0], 3)
    assert told.startswith("2 of 4 images")  # 2 and 3; 4 has none and falls back to sma
    assert short_of_guides("gallery", PIDS, "query", [1, 1], 3) is None
