"""The study of guides in this process: variants as cells, resuming, results, bad input."""

import csv
import dataclasses
import json

import numpy as np
import pytest

from keras_reid.errors import ReIDError
from keras_reid.evaluation import work
from keras_reid.evaluation.cells import CellStore
from keras_reid.evaluation.robustness_files import check_results_file, read_results
from keras_reid.evaluation.study import run as study_run
from keras_reid.evaluation.study import run_guides_study
from keras_reid.evaluation.study.files import write_study_csv
from keras_reid.evaluation.study.results import KIND, SCHEMA, ranks, study_results
from keras_reid.evaluation.study.variants import make_variants
from tests.evaluation.plans import SMALL

PLAN = dataclasses.replace(SMALL, epsilons_255=(0, 4, 8), seeds=(0, 1), steps=3)
ONE = dataclasses.replace(SMALL, epsilons_255=(6,))
PULLING = {"pull_one", "pull_several", "both", "pull_random", "fna", "fna_random"}


@pytest.fixture(scope="module")
def found(dataset, model, tmp_path_factory):
    return run_guides_study(model, dataset, PLAN, CellStore(tmp_path_factory.mktemp("cells")))


@pytest.fixture
def few(monkeypatch):
    """Three variants, for what does not need all of them."""
    chosen = {key: make_variants(4)[key] for key in ("push_one", "pull_one", "sma")}
    monkeypatch.setattr(study_run, "make_variants", lambda several: chosen)
    return chosen


@pytest.fixture(scope="module")
def told(found, dataset):
    return json.loads(json.dumps(study_results(found, dataset, PLAN), allow_nan=False))


def test_every_variant_is_measured_at_every_epsilon_but_none(found, told):
    assert len(found.measured) == len(found.variants) * 2 * 2
    assert found.computed == len(found.measured) + 1
    keys = {(r["role"], r["variant"], r["epsilon_255"]) for r in told["rows"]}
    assert len(keys) == len(told["rows"]) == len(found.variants) * 2
    assert {r["variant"] for r in told["rows"] if r["pulled"]} == PULLING
    assert {r["epsilon_255"] for r in told["rows"]} == {4, 8}
    assert all(r["linf_255"] == r["epsilon_255"] for r in told["rows"])


def test_figures_are_means_over_seeds(found, told):
    row = next(r for r in told["rows"] if (r["variant"], r["epsilon_255"]) == ("push_one", 8))
    each = [m.row.figures["mean_ap"] for m in found.at("victim", "push_one", 8)]
    assert len(each) == 2 and row["mean_ap"]["mean"] == pytest.approx(np.mean(each))
    assert row["interval"][0] <= row["mean_ap"]["mean"] <= row["interval"][1]


def test_a_twin_stands_beside_it(dataset, model, tmp_path, few):
    # Gradients keep their signs and distances shrink to a tenth.
    smaller = dataclasses.replace(model, embed=lambda images: 1 + 0.1 * model.embed(images))
    found = run_guides_study(model, dataset, ONE, CellStore(tmp_path), twin=smaller)
    assert set(found.models) == set(found.clean) == {"victim", "twin"}
    for key in found.variants:
        (victim,), (twin,) = found.at("victim", key, 6), found.at("twin", key, 6)
        moved = victim.row.displacement.mean()
        assert twin.row.displacement.mean() == pytest.approx(0.1 * moved, rel=0.1)


def test_a_random_identity_is_not_the_furthest(found, told):
    furthest, other = (found.at("victim", key, 8)[0].content for key in ("fna", "fna_random"))
    before = "pulled_before"
    assert np.nanmedian(furthest.arrays[before]) > np.nanmedian(other.arrays[before])
    row = next(r for r in told["rows"] if (r["variant"], r["epsilon_255"]) == ("pull_several", 8))
    assert row["pulled"]["after"]["median"] < row["pulled"]["before"]["median"]


def test_every_claim_has_a_sentence_by_both_measures(told):
    claims = [(c["role"], c["claim"], c["measure"]) for c in told["claims"]]
    assert len(set(claims)) == len(claims) == 6 * 2
    named = [name for question in told["questions"] for name in question["claims"]]
    assert {c[1] for c in claims} == set(named)
    for entry in told["claims"]:
        assert entry["text"] in entry["sentence"] and entry["verdict"] in entry["sentence"]
        assert len(entry["by_epsilon"]) == 2


def test_a_reader_is_told_of_people_with_few_images(told):
    assert any("nobody has 4 other images in query: the most is 2" in n for n in told["notes"])
    assert any("1 of 19 queries have no other image" in n for n in told["notes"])
    assert any("no identity has 4 images in query: the most is 3" in n for n in told["notes"])


def test_one_line_a_variant_and_epsilon(told, tmp_path):
    write_study_csv(tmp_path / "study.csv", told)
    with open(tmp_path / "study.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(told["rows"])
    sma = next(line for line in lines if line["variant"] == "sma")
    assert sma["num_push"] == sma["pull_identity"] == sma["pulled_median_after"] == ""
    pull = next(line for line in lines if line["variant"] == "pull_one")
    assert (pull["num_push"], pull["num_pull"]) == ("0", "1") and pull["pulled_median_after"]


def test_after_ctrl_c_it_goes_on_where_it_was(dataset, model, tmp_path, monkeypatch, few):
    measure, calls, cells = work.measure, [], CellStore(tmp_path)

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return measure(*arguments)

    monkeypatch.setattr(work, "measure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_guides_study(model, dataset, ONE, cells)
    monkeypatch.setattr(work, "measure", measure)
    resumed = run_guides_study(model, dataset, ONE, cells)
    assert (resumed.computed, resumed.reused) == (len(few) - 2, 1 + 2)
    # What was kept is what is measured again: the cells that were not computed twice.
    again = run_guides_study(model, dataset, ONE, CellStore(tmp_path / "straight"))
    assert again.reused == 0
    for one, other in zip(resumed.measured, again.measured, strict=True):
        np.testing.assert_array_equal(one.row.average_precision, other.row.average_precision)
        for name, array in one.content.arrays.items():
            np.testing.assert_array_equal(array, other.content.arrays[name])


def test_an_identity_that_the_gallery_lacks_has_no_rank():
    assert ranks(np.full(3, np.nan)) == {"mean": None, "median": None, "first": None}
    assert ranks(np.array([1, 2, 9, np.nan])) == {"mean": 4, "median": 2, "first": 1 / 3}


@pytest.mark.parametrize(
    "changes,several,words",
    [
        ({"epsilons_255": (0,)}, 4, "name an epsilon above 0"),
        ({"attacked": ("gallery",)}, 4, "attacks the query"),
        ({"guide_sources": ("query", "gallery")}, 4, "takes one source"),
        ({"guide_sources": ("train",)}, 4, "no query has another image of its person in train"),
        ({}, 1, "raise --several"),
    ],
)
def test_what_cannot_be_compared_gets_a_sentence(dataset, model, tmp_path, changes, several, words):
    plan = dataclasses.replace(ONE, **changes)
    with pytest.raises(ReIDError, match=words):
        run_guides_study(model, dataset, plan, CellStore(tmp_path), several=several)
    assert not list(tmp_path.iterdir())


def test_pulling_needs_a_second_identity(dataset, model, tmp_path):
    alone = dataclasses.replace(dataset, query=tuple(r for r in dataset.query if r.pid == 1))
    with pytest.raises(ReIDError, match="at least two identities"):
        run_guides_study(model, alone, ONE, CellStore(tmp_path))


def test_a_study_of_another_version_is_not_overwritten(told, tmp_path):
    path = tmp_path / "study.json"
    check_results_file(path, KIND, SCHEMA)
    path.write_text(json.dumps(told))
    assert read_results(path, KIND, SCHEMA) == told
    with pytest.raises(ReIDError, match="kind robustness"):
        read_results(path)
    path.write_text(json.dumps(told | {"schema": 2}))
    with pytest.raises(ReIDError, match="schema 2 and this is schema 1"):
        check_results_file(path, KIND, SCHEMA)
