"""A small data set and a model for the tests of the evaluator."""

import pytest

from tests.evaluation.people import colour_model, write_people


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_people(tmp_path_factory.mktemp("people"))


@pytest.fixture(scope="module")
def model():
    return colour_model()
