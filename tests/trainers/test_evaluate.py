"""trainers.evaluate as a person runs it, and the plan behind it."""

import csv
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.data import load_dataset
from keras_reid.errors import ReIDError
from keras_reid.evaluation.clean import EvaluationPlan, run_evaluation
from keras_reid.evaluation.retrieval import evaluate_retrieval
from keras_reid.models import load_model
from tests.commands import assert_refused, call, run
from tests.data import trees
from tests.reports.pages import Page
from trainers import evaluate as command
from trainers.flag_groups import DataFlags, ModelFlags

SIZE = (16, 8)
MODEL = f"{__name__}:thumbnail"


def thumbnail(images):
    """A function as a model: the image itself, very small."""
    return tf.reshape(tf.image.resize(images, (4, 2)), [-1, 24])


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    return trees.market1501(tmp_path_factory.mktemp("people"))


def test_prints_a_table_and_writes_what_was_asked_for(people, tmp_path):
    done = run(
        "trainers.evaluate", f"--model={MODEL}", "--input_size=16,8", f"--data={people}",
        "--rerank", "--metric=cosine",
        f"--results={tmp_path}/out.json", f"--per_query_csv={tmp_path}/queries.csv",
        f"--report={tmp_path}/report.html",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["mAP", "rank-1", "rank-5", "rank-10", "mINP"]
    assert [line.split()[0] for line in lines[1:4]] == ["ranked", "re-ranked", "chance"]
    assert "2 queries, 5 gallery images" in lines[4] and "cosine" in lines[4]
    summary = json.loads((tmp_path / "out.json").read_text())
    assert summary["provenance"]["command"].startswith("python -m trainers.evaluate --model=")
    assert f"{100 * summary['figures']['mean_ap']:.1f}" == lines[1].split()[1]
    with open(tmp_path / "queries.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert np.mean([float(row["average_precision"]) for row in rows]) == pytest.approx(
        summary["figures"]["mean_ap"]
    )
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "re-ranked" in page.text and len(page.all("article")) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "out.json", "queries.csv", "report.html",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "changes,words",
    [
        ({"data": "/nowhere"}, "there is no data folder /nowhere"),
        ({"input_size": "16"}, "--input_size=16 is no size"),
        ({"input_size": None}, "--input_size=256,128"),
        ({"model": "tests.trainers.nothing:here"}, "tests.trainers.nothing"),
        ({"pixel_range": "7"}, "pixel range '7'"),
        ({"output_head": "feature"}, "leave out 'feature'"),
        ({"signature": "embed"}, "no signature 'embed'"),
        ({"results": "/proc/nowhere/out.json"}, "cannot write /proc/nowhere/out.json"),
        ({"per_query_csv": "/proc/nowhere/out.csv"}, "cannot write /proc/nowhere/out.csv"),
        ({"report": "."}, "it is a folder"),
    ],
)
def test_bad_input_gets_one_sentence(people, changes, words, capsys):
    left_out = dict.fromkeys(
        ("pixel_range", "output_head", "signature", "acknowledge_withdrawn", "camid_policy")
        + ("cuhk03_images", "include_val")
    )
    usual = {"model": MODEL, "input_size": "16,8", "dataset": "market1501", "data": str(people)}
    values = left_out | usual
    files = ("results", "per_query_csv", "report")
    outputs = {name: changes[name] for name in files if name in changes}
    holders = {name: SimpleNamespace(value=value) for name, value in (values | changes).items()}
    with pytest.raises(ReIDError, match=re.escape(words)):
        command.evaluate(EvaluationPlan(), ModelFlags(holders), DataFlags(holders), **outputs)
    assert not capsys.readouterr().out  # refused before anything was measured


def test_an_unreadable_image_is_refused_by_name(tmp_path):
    root = trees.market1501(tmp_path)
    victim = root / "bounding_box_test" / trees.MARKET_GALLERY[-1]
    victim.write_bytes(victim.read_bytes()[:200])
    done = call("trainers.evaluate", f"--model={MODEL}", "--input_size=16,8", f"--data={root}")
    assert_refused(done, victim.name)


class TestRunEvaluation:
    """In this process, without starting Python anew."""

    @pytest.fixture(scope="class")
    def model(self):
        return load_model(MODEL, input_size=SIZE)

    def test_figures_are_those_of_the_library(self, people, model):
        dataset = load_dataset("market1501", people)
        summary, queries = run_evaluation(model, dataset, EvaluationPlan(rank_lists=1))
        ranking = evaluate_retrieval(thumbnail, dataset.query, dataset.gallery, SIZE).ranking
        assert summary["figures"]["mean_ap"] == pytest.approx(ranking.mean_ap)
        assert summary["cmc"] == pytest.approx(ranking.cmc.tolist())
        assert [row["first_match"] for row in queries] == ranking.first_match.tolist()
        assert summary["queries"] == {"valid": 2, "skipped": 0}
        assert len(summary["rank_lists"]) == 1 and "reranked_figures" not in summary
        assert json.loads(json.dumps(summary)) == summary

    def test_a_query_without_a_match_has_empty_scores(self, tmp_path, model):
        names = ["q.jpg,1,1,query", "lone.jpg,2,1,query", "g.jpg,1,2,gallery"]
        dataset = load_dataset("csv", trees.table(tmp_path, names))
        plan = EvaluationPlan(average_precision="market_toolbox")
        summary, queries = run_evaluation(model, dataset, plan)
        assert summary["queries"] == {"valid": 1, "skipped": 1}
        assert (queries[0]["average_precision"], queries[0]["first_match"]) == (1.0, 1)
        assert (queries[1]["average_precision"], queries[1]["first_match"]) == (None, None)
        assert summary["figures"]["mean_ap"] == 0.5 and summary["figures"]["rank1"] == 1.0

    def test_another_split_is_searched_in_itself(self, people, model):
        dataset = load_dataset("market1501", people)
        summary, queries = run_evaluation(model, dataset, EvaluationPlan(query_split="train"))
        # Person 2 passes three cameras and person 7 two; person 10 has one image.
        assert summary["queries"] == {"valid": 5, "skipped": 1}
        assert summary["data"]["query"] == summary["data"]["gallery"] == len(queries) == 6
        paths = [entry["path"] for entry in summary["rank_lists"][0]["clean"]]
        assert summary["rank_lists"][0]["query"]["path"] not in paths

    def test_an_unknown_split_gets_a_sentence(self):
        with pytest.raises(ReIDError, match="query split 'test' is unknown"):
            EvaluationPlan(query_split="test")
