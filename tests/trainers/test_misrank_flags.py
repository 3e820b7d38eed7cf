"""--misrank of trainers.evaluate_robustness and trainers.attack, as a person gives it."""

import json

import pytest

from keras_reid.models import build_reid_model
from tests.commands import assert_refused, call
from tests.evaluation.people import write_people
from tests.misrank.models import SIZE, write_generator

MODEL = "tests.misrank.models:colours"
EVALUATE = ("trainers.evaluate_robustness", "--attacks=sma", "--epsilons_255=8", "--steps=2",
            "--nodouble_steps", "--bootstrap=20", "--rank_lists=1")  # fmt: skip


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    root = tmp_path_factory.mktemp("people")
    write_people(root)
    return root


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    return write_generator(tmp_path_factory.mktemp("generator"), SIZE)


def ask(people, command, *arguments):
    name, *usual = command
    size = f"--input_size={SIZE[0]},{SIZE[1]}"
    return call(name, f"--model={MODEL}", size, f"--data={people}", *usual, *arguments)


def test_the_evaluation_has_a_row_and_a_page(people, generator, tmp_path):
    done = ask(people, EVALUATE, f"--workdir={tmp_path}", f"--misrank={generator}",
               "--num_pixels=0.5")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "\nmisrank" in done.stdout
    told = json.loads((tmp_path / "results.json").read_text())
    assert told["generator"]["num_pixels"] == 96
    assert (tmp_path / "images" / "misrank_8").is_dir()
    assert "generator" in (tmp_path / "report.html").read_text()


def test_an_attack_has_one_more_line(people, generator):
    command = ("trainers.attack", "--attacks=noise", "--epsilons_255=4,8")
    done = ask(people, command, f"--misrank={generator}")
    assert done.returncode == 0, done.stderr
    assert sum(line.startswith("misrank") for line in done.stdout.splitlines()) == 2


@pytest.mark.parametrize(
    "arguments,words",
    [
        (["--misrank=/nowhere"], "there is no generator at /nowhere"),
        (["--misrank={embedder}"], "no mis-ranking generator"),
        (["--misrank={larger}"], "takes crops of 32x16"),
        (["--misrank={generator}", "--num_pixels=-3"], "--num_pixels=-3"),
        (["--misrank={generator}", "--num_pixels=few"], "--num_pixels=few"),
        (["--misrank={generator}", "--num_pixels=193"], "num_pixels is 193"),
        (["--num_pixels=5"], "name one with --misrank"),
        (["--misrank={generator}", "--study=guides"], "drop --misrank"),
    ],
)
def test_bad_input_gets_one_sentence(people, generator, tmp_path, arguments, words):
    places = {"generator": generator, "larger": tmp_path / "larger", "embedder": tmp_path / "e"}
    if "{larger}" in arguments[0]:
        places["larger"].mkdir()
        write_generator(places["larger"], (32, 16))
    if "{embedder}" in arguments[0]:
        places["embedder"].mkdir()
        build_reid_model("small", (32, 16), 3).save(str(places["embedder"] / "model.keras"))
    arguments = [argument.format(**places) for argument in arguments]
    assert_refused(ask(people, EVALUATE, f"--workdir={tmp_path}/w", *arguments), words)
    assert not (tmp_path / "w" / "results.json").exists()
