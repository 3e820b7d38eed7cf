"""Robustness evaluations that several tests of the page share; none of them changes them."""

import pytest

from keras_reid.reports import render, robustness_report
from tests.reports.robustness_sample import ALONE, PLAN, beside, evaluated


@pytest.fixture(scope="session")
def robust(tmp_path_factory):
    """Everything in it: twin, surrogate, black box, two guide sources, two seeds."""
    return evaluated(tmp_path_factory.mktemp("robust"), PLAN, beside())


@pytest.fixture(scope="session")
def robust_page(robust):
    return render(robustness_report(robust.results))


@pytest.fixture(scope="session")
def alone(tmp_path_factory):
    """The least that has a page."""
    return evaluated(tmp_path_factory.mktemp("alone"), ALONE, {})
