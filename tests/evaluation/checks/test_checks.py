"""Each check of an honest report turns when something is wrong in its way, and only then."""

import re
from pathlib import Path

import pytest

from keras_reid.evaluation.checks import CHECKS, FAIL, PASS, WARN, probes, run_checks
from tests.evaluation.checks import (
    wrong_attacks,
    wrong_grids,
    wrong_guides,
    wrong_models,
    wrong_reports,
)
from tests.evaluation.checks.bench import Bench
from tests.evaluation.checks.registry import PROOFS
from tests.evaluation.people import write_people

WRONG = (wrong_attacks, wrong_grids, wrong_guides, wrong_models, wrong_reports)
MODULES = {module.__name__ for module in WRONG}
DOCUMENT = Path(__file__).parents[3] / "docs" / "robustness_checks.md"


@pytest.fixture(autouse=True)
def probed_once(bench, monkeypatch):
    """Most proofs probe the same sound model: half a second each, and the same answer."""
    for name, (point, check) in CHECKS.items():
        if check.__module__ == probes.__name__:
            monkeypatch.setitem(CHECKS, name, (point, bench.once(check)))


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return Bench(write_people(tmp_path_factory.mktemp("people")))


def test_a_sound_model_passes_everything(bench):
    found = run_checks(bench.sound)
    assert [(c.name, c.figure, c.sentence) for c in found if c.verdict != PASS] == []
    assert [(c.name, c.point) for c in found] == [(n, p) for n, (p, _) in CHECKS.items()]
    for check in found:
        assert 0 < len(check.figure) < 30 and check.sentence.endswith(".")


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.build.__name__)
def test_what_is_wrong_turns_its_own_verdict(bench, monkeypatch, proof):
    found = run_checks(proof.build(bench, monkeypatch))
    turned = {check.name: check.verdict for check in found if check.verdict != PASS}
    told = [f"{c.name}: {c.figure}; {c.sentence}" for c in found if c.verdict != PASS]
    assert turned == proof.turned, told


def test_every_check_is_proved_alone():
    # Nobody adds a check that nothing has shown to turn, or that turns only with others.
    assert {proof.build.__module__ for proof in PROOFS} == MODULES
    alone = {proof.alone for proof in PROOFS}
    assert set(CHECKS) - alone == set()
    assert {name for proof in PROOFS for name in proof.turned} == set(CHECKS)


def test_every_point_of_the_list_is_asked():
    assert {point for point, _ in CHECKS.values()} == set(range(1, 11))


def test_what_was_not_measured_warns_and_names_the_flag(bench):
    bare = bench.having([])
    found = run_checks(bare.__class__(**{**vars(bare), "transfer": [], "black_box": []}))
    for check in found:
        if check.figure == "not measured":
            assert check.verdict == WARN
            assert "--" in check.sentence, check.sentence
    assert sum(check.figure == "not measured" for check in found) > 15


def test_masked_gradients_are_called_so(bench, monkeypatch):
    found = run_checks(wrong_reports.a_surrogate_that_knows_better(bench, monkeypatch))
    (failed,) = [check for check in found if check.verdict == FAIL]
    assert "gradient masking suspected" in failed.sentence


def test_the_document_has_a_row_for_every_check():
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", DOCUMENT.read_text(encoding="utf-8"), re.M)
    assert [(int(p), n.strip()) for p, n in rows] == [(p, n) for n, (p, _) in CHECKS.items()]
