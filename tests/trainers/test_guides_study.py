"""trainers.evaluate_robustness --study=guides, as a person runs it."""

import csv
import json

import pytest

from keras_reid.evaluation import work
from tests.commands import assert_refused, call
from tests.evaluation.people import colour_model, write_people
from tests.reports.pages import Page

HERE = "tests.trainers.test_guides_study"
COLOURS = colour_model()


def colours(images):
    return COLOURS.embed(images)


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    root = tmp_path_factory.mktemp("people")
    write_people(root)
    return root


def study(people, workdir, *arguments):
    return call(
        "trainers.evaluate_robustness", "--study=guides", f"--model={HERE}:colours",
        "--input_size=16,8", f"--data={people}", f"--workdir={workdir}", "--epsilons_255=0,6",
        "--steps=2", "--bootstrap=20", *arguments,
    )  # fmt: skip


def test_goes_on_after_ctrl_c_and_writes_and_prints_the_study(people, tmp_path, monkeypatch):
    measure, calls = work.measure, []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return measure(*arguments)

    workdir = tmp_path / "w"
    monkeypatch.setattr(work, "measure", interrupted)
    stopped = study(people, workdir)
    assert stopped.returncode == 130 and not (workdir / "study.json").exists()
    monkeypatch.setattr(work, "measure", measure)
    done = study(people, workdir)
    assert done.returncode == 0, done.stderr
    assert "8 cells to compute, 2 kept" in done.stderr
    assert "8 cells computed, 3 read" in done.stdout
    for words in (
        "published claim", "both together", "The published claim that SMA is stronger",
        "2 push + 2 pull", "median rank of the identity pulled to", "note: nobody has 4 other",
    ):  # fmt: skip
        assert words in done.stdout, words
    told = json.loads((workdir / "study.json").read_text())
    assert (told["schema"], told["kind"]) == (1, "guides_study")
    assert "--study=guides" in told["provenance"]["command"]
    with open(workdir / "study.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == 10
    page = Page((workdir / "study.html").read_text(encoding="utf-8"))
    assert len(page.all("figcaption")) == 8 and "Published claims" in page.text

    (workdir / "study.json").write_text(json.dumps(told | {"schema": 99}))
    assert_refused(study(people, workdir), "schema 99", "this is schema 1")
    assert json.loads((workdir / "study.json").read_text())["schema"] == 99


@pytest.mark.parametrize(
    "arguments,words",
    [
        (["--study=hats"], "--study"),
        (["--epsilons_255="], "--epsilons_255 is empty; give at least one radius"),
        (["--epsilons_255=8,2"], "ascending order"),
        (["--epsilons_255=0"], "above 0"),
        (["--several=1"], "raise --several"),
        (["--num_push=3"], "leave --num_push out"),
        (["--attacks=sma"], "leave --attacks out"),
        (["--attacked=gallery"], "leave --attacked out"),
        (["--guide_sources=query,train"], "name one in --guide_sources"),
        (["--guide_sources=train"], "no query has another image of its person in train"),
        (["--twin=/nowhere"], "no model at /nowhere"),
        (["--workdir=/proc/nowhere"], "cannot write /proc/nowhere"),
    ],
)
def test_bad_input_gets_one_sentence(people, tmp_path, arguments, words):
    assert_refused(study(people, tmp_path / "w", *arguments), words)
    assert not (tmp_path / "w" / "study.json").exists()


def test_pulling_needs_a_second_identity(people, tmp_path):
    one = tmp_path / "one"
    for path in people.rglob("*.jpg"):
        if path.parent.name != "query" or path.name.startswith("0001"):
            target = one / path.relative_to(people)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    assert_refused(study(one, tmp_path / "w"), "at least two identities")
