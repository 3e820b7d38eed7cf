"""trainers.attack and trainers.report, as a person runs them."""

import json

import pytest
import tensorflow as tf

from tests.commands import assert_refused, call
from tests.evaluation.people import colour_model, write_people

HERE = "tests.trainers.test_attack"


def colours(images):
    return colour_model().embed(images)


def rounded(images):
    """A model whose gradient is zero everywhere."""
    return colour_model().embed(tf.round(images * 255) / 255)


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    root = tmp_path_factory.mktemp("people")
    write_people(root)
    return root


def attack(people, *arguments, model="colours"):
    return call(
        "trainers.attack", f"--model={HERE}:{model}", "--input_size=16,8", f"--data={people}",
        *arguments,
    )  # fmt: skip


def test_prints_a_table_writes_results_images_and_a_page(people, tmp_path):
    first = attack(
        people, "--attacks=noise,sma,fna", "--epsilons_255=2,5", "--rank_lists=2",
        f"--results={tmp_path}/a.json", f"--save_images={tmp_path}/images",
    )  # fmt: skip
    assert first.returncode == 0, first.stderr
    for word in ("clean", "chance", "noise", "sma", "fna", "average precision: standard"):
        assert word in first.stdout
    told = json.loads((tmp_path / "a.json").read_text())
    assert len(told["rows"]) == 6 and len(told["rank_lists"]) == 12
    assert "--epsilons_255=2,5" in told["provenance"]["command"]
    assert len(list((tmp_path / "images" / "fna_5").glob("*.png"))) == 19

    second = attack(
        people, "--attacks=odfa", "--rank_lists=0", f"--results={tmp_path}/b.json",
        f"--report={tmp_path}/b.html",
    )  # fmt: skip
    assert second.returncode == 0, second.stderr
    assert "odfa" in (tmp_path / "b.html").read_text()

    page = call(
        "trainers.report", f"--results={tmp_path}/a.json,{tmp_path}/b.json",
        f"--output={tmp_path}/page.html",
    )  # fmt: skip
    assert page.returncode == 0, page.stderr
    html = (tmp_path / "page.html").read_text()
    for word in ("odfa", "sma", "fna", "data:image/png;base64,", "guide source"):
        assert word in html

    told["data"]["fingerprint"] = "another"
    (tmp_path / "c.json").write_text(json.dumps(told))
    refused = call(
        "trainers.report", f"--results={tmp_path}/a.json,{tmp_path}/c.json",
        f"--output={tmp_path}/no.html",
    )  # fmt: skip
    assert_refused(refused, "differ in data")
    assert not (tmp_path / "no.html").exists()


@pytest.mark.parametrize(
    "arguments,words",
    [
        (["--attacks=smaa"], "attack 'smaa' is unknown"),
        (["--epsilons_255=5,high"], "--epsilons_255=5,high"),
        (["--epsilons_255=-1"], "numbers from 0 to 255"),
        (["--steps=-3"], "--steps"),
    ],
)
def test_bad_flags_are_refused(people, arguments, words):
    assert_refused(attack(people, *arguments), words)


def test_a_model_without_a_usable_gradient_is_refused(people):
    assert_refused(attack(people, model="rounded"), "gradient")


def test_help_tells_the_shared_flags_too():
    told = call("trainers.attack", "--help")
    assert told.returncode == 0
    for flag in ("--model:", "--pixel_range:", "--data:", "--epsilons_255:"):
        assert flag in told.stdout


def test_missing_data_and_missing_flags_are_named(tmp_path):
    done = call(
        "trainers.attack", f"--model={HERE}:colours", "--input_size=16,8", "--data=/nowhere"
    )
    assert_refused(done, "/nowhere")
    assert_refused(call("trainers.attack"), "--model and --data must be given")
    assert_refused(
        call("trainers.report", "--results=/nowhere.json", f"--output={tmp_path}/x.html"),
        "/nowhere.json",
    )
