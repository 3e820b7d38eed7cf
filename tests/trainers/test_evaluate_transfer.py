"""trainers.evaluate_transfer, as a person runs it."""

import json

import pytest

from keras_reid.models import build_reid_model
from tests.commands import assert_refused, call
from tests.evaluation.people import write_people
from tests.misrank.models import SIZE, write_generator

HERE = "tests.misrank.models"


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    root = tmp_path_factory.mktemp("people")
    write_people(root)
    return root


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    return write_generator(tmp_path_factory.mktemp("generator"), SIZE)


def ask(people, workdir, *arguments):
    return call(
        "trainers.evaluate_transfer", f"--data={people}", f"--workdir={workdir}", *arguments
    )


def test_prints_the_matrix_and_writes_everything(people, generator, tmp_path):
    done = ask(
        people, tmp_path / "w", f"--generators={generator}", f"--victims={HERE}:colours",
        "--num_pixels=0.5", "--examples=1", f"--save_images={tmp_path}/saved",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for words in ("epsilon 16/255", "colours", "unknown", "MS-SSIM", "does not say"):
        assert words in done.stdout, words
    told = json.loads((tmp_path / "w" / "results.json").read_text())
    assert told["generators"][0]["num_pixels"] == 96
    assert "evaluate_transfer" in told["provenance"]["command"]
    assert {path.name for path in (tmp_path / "w").iterdir()} == {
        "results.json", "transfer.csv", "transfer.html", "images",
    }  # fmt: skip
    assert len(list((tmp_path / "saved" / "0_0" / "query").iterdir())) == 19
    (tmp_path / "w" / "results.json").write_text(json.dumps(told | {"schema": 99}))
    again = ask(people, tmp_path / "w", f"--generators={generator}", f"--victims={HERE}:colours")
    assert_refused(again, "schema 99")


@pytest.mark.parametrize(
    "arguments,words",
    [
        (["--victims=a"], "--generators is empty"),
        (["--generators={generator}"], "--victims is empty"),
        (["--generators=/nowhere", "--victims=a"], "there is no generator at /nowhere"),
        (["--generators={embedder}", "--victims=a"], "no mis-ranking generator"),
        (["--generators={generator}", "--victims=/nowhere"], "no model at /nowhere"),
        (["--epsilon_255=256"], "--epsilon_255=256"),
        (["--epsilon_255=-1"], "--epsilon_255=-1"),
        (["--pixel_shares=0.5,2"], "--pixel_shares=0.5,2"),
        (["--pixel_shares=half"], "--pixel_shares=half"),
        (["--generators={generator}", "--victims=a", "--num_pixels=193"], "num_pixels is 193"),
        (["--generators={generator}", "--victims=a", "--num_pixels=-2"], "--num_pixels=-2"),
        (["--generators={generator}", "--victims={here}:colours", "--dataset_b=cuhk03"],
         "name it with --data_b"),
        (["--generators={generator}", "--victims={here}:colours", "--data_b=/nowhere"],
         "/nowhere"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_sentence(people, generator, tmp_path, arguments, words):
    embedder = tmp_path / "embedder"
    if any("{embedder}" in argument for argument in arguments):
        embedder.mkdir()
        build_reid_model("small", (32, 16), 3).save(str(embedder / "model.keras"))
    places = {"generator": generator, "embedder": embedder, "here": HERE}
    arguments = [argument.format(**places) for argument in arguments]
    assert_refused(ask(people, tmp_path / "w", *arguments), words)
    assert not (tmp_path / "w" / "results.json").exists()
