"""The whole evaluation in this process: cells, resuming, twins, transfer, subsets, files."""

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_reid.evaluation.cells import CellStore
from keras_reid.evaluation.checks import Check
from keras_reid.evaluation.evaluator import run_robustness
from keras_reid.evaluation.robustness_files import read_results, save_examples, write_per_query
from keras_reid.evaluation.robustness_plan import RobustnessPlan
from keras_reid.evaluation.robustness_results import results
from keras_reid.evaluation.worst_case import worst_precision
from tests.evaluation.people import SIZE
from tests.evaluation.plans import SMALL

PLAN = RobustnessPlan(
    attacks=("sma", "fna"), epsilons_255=(0, 8), seeds=(0, 1), steps=4, rank_lists=3,
    black_box=("spsa",), black_box_queries=5, black_box_budget=40, black_box_steps=4,
    guide_sources=("query", "gallery"), batch_size=7, bootstrap=50,
)  # fmt: skip


@pytest.fixture(scope="module")
def found(dataset, model, tmp_path_factory):
    store = CellStore(tmp_path_factory.mktemp("cells"))
    other = dataclasses.replace(model, source="another")
    return run_robustness(model, dataset, PLAN, store, twin=other, surrogates=(other,))


def test_every_cell_of_the_grid_is_a_row(found):
    rows = found.evidence.rows
    kinds = {(r.attack, r.epsilon_255, r.guide_source, r.seed, bool(r.extra)) for r in rows}
    # Two noises and sma without guides, fna with two sources, two seeds, two epsilons; doubled.
    assert len(kinds) == len(rows) == (3 + 2) * 2 * 2 + 2
    assert [r.attack for r in rows if r.extra] == ["sma", "fna"]
    assert all(r.steps == 8 and r.seed == 0 for r in rows if r.extra)
    assert len(found.evidence.twin) == (3 + 2) * 2 * 2
    assert found.evidence.pixels.dtype == np.uint8 and len(found.evidence.pixels) == 19


def test_epsilon_zero_is_the_clean_result(found):
    for row in found.evidence.rows:
        if row.epsilon_255 == 0:
            assert row.figures == found.evidence.clean
            assert row.displacement.max() == 0 and row.ssim == 1 and row.zero_gradient == -1


def test_rows_hold_what_was_measured(found, model, dataset):
    for row in found.evidence.rows:
        if row.epsilon_255 == 8:
            assert row.linf_255 == 8 and 0 < row.ssim < 1 and row.still == 0
            assert row.figures["mean_ap"] == pytest.approx(np.nanmean(row.average_precision))
            assert row.figures["rank1"] == np.mean(row.first_hit == 1)
            assert row.zero_gradient == (-1 if "noise" in row.attack else 0)
            assert len(row.displacement) == 19


def test_the_same_model_is_its_own_twin_and_surrogate(found):
    grid = [row for row in found.evidence.rows if not row.extra]
    for row, twin in zip(grid, found.evidence.twin, strict=True):
        np.testing.assert_array_equal(row.average_precision, twin.average_precision)
    for row in found.evidence.transfer:
        direct = next(
            r for r in grid
            if (r.attack, r.epsilon_255, r.seed) == (row.attack, 8, 0)
            and r.guide_source in ("none", "query")
        )  # fmt: skip
        np.testing.assert_allclose(row.displacement, direct.displacement, rtol=1e-5)
        assert row.extra == {"source": "another"}


def test_black_box_and_white_box_look_at_the_same_queries(found):
    (black,) = found.evidence.black_box
    assert len(found.subset) == 5 and len(black.average_precision) == 5
    assert black.extra == {"queries": 40, "climbs": "sma"} and black.zero_gradient == -1
    white = found.evidence.white_box_subset
    assert {row.attack for row in white} == {"sma", "fna"}
    assert all(len(row.average_precision) == len(row.displacement) == 5 for row in white)
    grid = next(r for r in found.evidence.rows if (r.attack, r.epsilon_255) == ("sma", 8))
    sma = next(row for row in white if row.attack == "sma")
    np.testing.assert_array_equal(sma.displacement, grid.displacement[list(found.subset)])
    # Gradients go further than forty questions.
    assert sma.displacement.mean() > black.displacement.mean() > 0


def test_results_survive_json_and_tell_the_worst_case(found, dataset, tmp_path):
    check = Check(point=1, name="n", verdict="pass", figure="1", sentence="s")
    told = results(found, dataset, PLAN, [check])
    told["rank_lists"] = save_examples(found, dataset, PLAN, tmp_path)
    path = tmp_path / "results.json"
    path.write_text(json.dumps(told))
    assert read_results(path)["checks"] == [dataclasses.asdict(check)]
    (worst,) = (e for e in told["worst"] if e["role"] == "victim" and e["epsilon_255"] == 8)
    attacks = [
        r for r in found.evidence.rows
        if r.epsilon_255 == 8 and "noise" not in r.attack and not r.extra
    ]  # fmt: skip
    assert worst["mean_ap"] == pytest.approx(np.nanmean(worst_precision(attacks)))
    assert worst["interval"][0] <= worst["mean_ap"] <= worst["interval"][1]
    assert worst["mean_ap"] <= worst["seeds"]["mean"] <= min(r.figures["mean_ap"] for r in attacks)
    summary = [e for e in told["summary"] if e["role"] == "victim"]
    assert len(summary) == (3 + 2) * 2
    assert all(e["mean_ap"]["seeds"] == 2 for e in summary)
    assert 0 < told["score"][0]["score"] < 1
    lines = told["curves"]["victim"]["query"]
    assert set(lines) == {
        "noise", "sign_noise", "sma", "fna, query", "fna, gallery", "worst case",
    }  # fmt: skip
    assert lines["worst case"][0] == [0, pytest.approx(told["clean"]["mean_ap"])]


def test_rank_lists_have_images_and_guides(found, dataset, tmp_path):
    lists = save_examples(found, dataset, PLAN, tmp_path)
    assert len(lists) == 3 * (3 + 2)
    for entry in lists:
        pixels = np.asarray(Image.open(entry["adversarial"]))
        assert pixels.shape == (*SIZE, 3)
        assert entry["clean"] and entry["attacked"]
        if entry["attack"] == "fna":
            pid = entry["query"]["pid"]
            assert all(guide["pid"] == pid for guide in entry["guides"]["push"])
            assert len({guide["pid"] for guide in entry["guides"]["pull"]} | {pid}) == 2
            assert all(Path(guide["path"]).exists() for guide in entry["guides"]["pull"])
            assert entry["query"]["path"] not in [g["path"] for g in entry["guides"]["push"]]
        else:
            assert entry["guides"] == {}


def test_the_table_of_queries_adds_up(found, dataset, tmp_path):
    write_per_query(tmp_path / "q.csv", found, dataset)
    with open(tmp_path / "q.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    cells = len(found.measured)
    assert len(rows) == 2 * 19 + (cells - 1) * 19 + 5
    sma = [
        float(r["average_precision"]) for r in rows
        if (r["role"], r["attack"], r["epsilon_255"], r["seed"], r["remark"])
        == ("victim", "sma", "8", "0", "")
    ]  # fmt: skip
    row = next(r for r in found.evidence.rows if (r.attack, r.epsilon_255) == ("sma", 8))
    assert np.mean(sma) == pytest.approx(row.figures["mean_ap"], abs=1e-6)


def test_a_surrogate_of_another_size_is_resized_and_said_so(dataset, model, tmp_path):
    def doubled(images):
        return model.embed(tf.image.resize(images, SIZE))

    larger = dataclasses.replace(
        model, embed=doubled, logits=None, input_size=(32, 16), source="large"
    )
    found = run_robustness(model, dataset, SMALL, CellStore(tmp_path), surrogates=(larger,))
    assert any("large takes images of 32x16" in note for note in found.notes)
    (row,) = found.evidence.transfer
    assert row.linf_255 == 8 and row.displacement.mean() > 0


def test_a_hidden_gradient_is_counted(dataset, model, tmp_path):
    def rounded(images):
        return model.embed(tf.round(images * 255) / 255)

    masked = dataclasses.replace(model, embed=rounded)
    found = run_robustness(masked, dataset, SMALL, CellStore(tmp_path))
    rows = [r for r in found.evidence.rows if r.attack == "sma" and r.epsilon_255 == 8]
    assert all(row.zero_gradient == 19 for row in rows)


def test_an_attack_on_the_gallery_is_its_own_side(dataset, model, tmp_path):
    plan = dataclasses.replace(SMALL, attacked=("query", "gallery"), epsilons_255=(8,))
    found = run_robustness(model, dataset, plan, CellStore(tmp_path))
    sides = {row.attacked: row for row in found.evidence.rows if row.attack == "sma"}
    assert len(sides["gallery"].displacement) == 19  # the distractor is left alone
    told = results(found, dataset, plan, [])
    assert {entry["attacked"] for entry in told["worst"]} == {"query", "gallery"}
    lists = save_examples(found, dataset, plan, tmp_path / "images")
    assert {e["adversarial"] is None for e in lists if e["attacked_side"] == "gallery"} == {True}
