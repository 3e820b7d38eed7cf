"""trainers.evaluate_robustness, as a person runs it."""

import csv
import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.evaluation import work
from tests.commands import assert_refused, call
from tests.evaluation.people import colour_model, write_people
from trainers.evaluate_robustness import trained_against

HERE = "tests.trainers.test_evaluate_robustness"
COLOURS = colour_model()


def colours(images):
    return COLOURS.embed(images)


def rounded(images):
    """A model whose gradient is zero everywhere."""
    return COLOURS.embed(tf.round(images * 255) / 255)


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    root = tmp_path_factory.mktemp("people")
    write_people(root)
    return root


def evaluate(people, workdir, *arguments, model="colours"):
    return call(
        "trainers.evaluate_robustness", f"--model={HERE}:{model}", "--input_size=16,8",
        f"--data={people}", f"--workdir={workdir}", "--attacks=sma", "--epsilons_255=0,5",
        "--steps=3", "--bootstrap=20", "--rank_lists=2", *arguments,
    )  # fmt: skip


def test_prints_a_table_and_writes_what_a_report_needs(people, tmp_path):
    done = evaluate(
        people, tmp_path / "w", "--black_box=spsa", "--black_box_queries=4",
        "--black_box_budget=40", f"--twin={HERE}:rounded", f"--surrogate={HERE}:colours",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for words in (
        "epsilon 5/255", "clean", "chance", "sign_noise", "sma", "worst per query (query)",
        "undefended twin", "transfer: sma", "black box: spsa, 40 questions each",
        "worst-case mAP of the victim", "score", " 0 read",
    ):  # fmt: skip
        assert words in done.stdout, words
    told = json.loads((tmp_path / "w" / "results.json").read_text())
    assert told["schema"] == 1 and told["kind"] == "robustness"
    assert "--black_box=spsa" in told["provenance"]["command"]
    assert told["threat_model"]["attacked"] == "query"
    assert len(told["rank_lists"]) == 2 * 3
    assert told["twin_rows"] and told["transfer"] and told["black_box"]
    with open(tmp_path / "w" / "per_query.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    clean = [float(r["average_precision"]) for r in rows
             if (r["role"], r["attack"]) == ("victim", "clean")]  # fmt: skip
    assert np.mean(clean) == pytest.approx(told["clean"]["mean_ap"], abs=1e-6)
    assert len(list((tmp_path / "w" / "images" / "sma_5").glob("*.png"))) == 2
    report_again(tmp_path)


def report_again(folder):
    """The page that was written is the one that trainers.report makes of the results."""
    again = report(folder, f"--results={folder}/w/results.json")
    assert again.returncode == 0, again.stderr
    page = (folder / "w" / "report.html").read_bytes()
    assert page == (folder / "page.html").read_bytes()
    assert b"Attacks on queries at epsilon 5/255" in page and page.count(b"<img ") > 40
    short = report(folder, f"--results={folder}/w/results.json", "--rank_lists=", "--title=Short")
    assert short.returncode == 0, short.stderr
    page = (folder / "page.html").read_text()
    assert page.count("<img ") == 3 and "<h1>Short</h1>" in page


def report(folder, *arguments):
    return call("trainers.report", f"--output={folder}/page.html", *arguments)


def test_ctrl_c_keeps_what_is_done(people, tmp_path, monkeypatch):
    measure, calls = work.measure, []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return measure(*arguments)

    monkeypatch.setattr(work, "measure", interrupted)
    stopped = evaluate(people, tmp_path / "w")
    assert stopped.returncode == 130 and "interrupted" in stopped.stderr
    assert not (tmp_path / "w" / "results.json").exists()
    monkeypatch.setattr(work, "measure", measure)
    done = evaluate(people, tmp_path / "w")
    assert done.returncode == 0, done.stderr
    assert "5 cells computed, 3 read" in done.stdout
    assert "5 cells to compute, 2 kept" in done.stderr

    cell = next((tmp_path / "w" / "cells").glob("*.npz"))
    cell.write_bytes(b"half")
    again = evaluate(people, tmp_path / "w")
    assert "1 cells computed, 7 read" in again.stdout and "is damaged" in again.stderr
    assert "note: " in again.stdout

    results = tmp_path / "w" / "results.json"
    told = json.loads(results.read_text())
    results.write_text(json.dumps(told | {"schema": 99}))
    assert_refused(evaluate(people, tmp_path / "w"), "schema 99", "this is schema 1")
    assert json.loads(results.read_text())["schema"] == 99
    refused = report(tmp_path, f"--results={results}")
    assert_refused(refused, str(results), "schema 99", "this is schema 1", "evaluate again")
    both = report(tmp_path, f"--results={results},{results}")
    assert_refused(both, str(results), "give it alone")
    assert not (tmp_path / "page.html").exists()


def test_a_hidden_gradient_is_measured_and_not_refused(people, tmp_path):
    done = evaluate(people, tmp_path / "w", "--epsilons_255=5", model="rounded")
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "w" / "results.json").read_text())
    assert [r["zero_gradient"] for r in told["rows"] if r["attack"] == "sma"] == [19, 19]


@pytest.mark.parametrize(
    "arguments,words",
    [
        (["--attacks=smaa"], "attack 'smaa' is unknown"),
        (["--epsilons_255="], "--epsilons_255 is empty; give at least one radius"),
        (["--epsilons_255=5,high"], "--epsilons_255=5,high"),
        (["--epsilons_255=5,2"], "ascending order"),
        (["--guide_sources=tv"], "guide source 'tv'"),
        (["--attacked=train"], "not 'train'"),
        (["--black_box=zoo"], "black box 'zoo'"),
        (["--black_box=nes", "--black_box_budget=3"], "budget of 3 questions"),
        (["--num_push=0"], "nor both zero"),
        (["--twin=/nowhere"], "no model at /nowhere"),
        (["--surrogate=/nowhere.keras"], "/nowhere.keras"),
        (["--workdir=/proc/nowhere"], "cannot write /proc/nowhere"),
        (["--data=/nowhere"], "/nowhere"),
        (["--preset=huge"], "--preset"),
    ],
)
def test_bad_input_gets_one_sentence(people, tmp_path, arguments, words):
    assert_refused(evaluate(people, tmp_path / "w", *arguments), words)
    assert not (tmp_path / "w" / "results.json").exists()


@pytest.mark.parametrize(
    "config,attack",
    [
        (None, None),
        ({"loss": "triplet"}, "nothing"),
        ({"attack": "auto", "n_push": 4, "n_pull": 1}, "pgd"),
        ({"attack": "auto", "n_push": 0, "n_pull": 0}, "sma"),
        ({"attack": "odfa"}, "odfa"),
    ],
)
def test_a_workdir_tells_what_its_model_was_trained_against(config, attack):
    assert trained_against(dataclasses.replace(COLOURS, config=config)) == attack


def test_help_tells_the_shared_flags_too():
    told = call("trainers.evaluate_robustness", "--help")
    assert told.returncode == 0
    for flag in ("--model:", "--data:", "--twin:", "--black_box_budget:", "--preset:"):
        assert flag in told.stdout
