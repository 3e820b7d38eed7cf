"""Robustness evaluations that several tests of the page share; none of them changes them."""

import base64
import copy
import re

import pytest

from keras_reid.reports import render, robustness_curves, robustness_report
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


@pytest.fixture
def results(robust, robust_page, monkeypatch):
    """To be changed. Their curves take long and are looked at in `robust_page`."""
    dot = base64.b64decode(re.search(r"data:image/png;base64,([^\"]+)", robust_page)[1])
    monkeypatch.setattr(robustness_curves, "epsilon_curves", lambda *points, **how: dot)
    return copy.deepcopy(robust.results)
