"""`python -m trainers.move_weights`: the same weights, in this stack's files."""

import numpy as np
import pytest

from keras_reid import compat
from keras_reid.models import build_reid_model, load_model, load_weights
from keras_reid.runs.checkpoints import Checkpoints
from tests.commands import assert_refused, call

SIZE = (32, 16)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """model.keras, and in run/ its twin as a checkpoint of other weights."""
    folder = tmp_path_factory.mktemp("move")
    model = build_reid_model("small", SIZE, 5)
    model.save(folder / "model.keras")
    model.save_weights(str(folder / "model.weights.h5"))
    (folder / "run").mkdir()
    model.save(folder / "run" / "model.keras")
    (folder / "run" / "config.json").write_text("{}")
    for variable in model.variables:
        variable.assign(np.full(variable.shape, 0.5, np.float32))
    Checkpoints(folder / "run" / "checkpoints", {"model": model}).save(3)
    return folder


def moved(*flags):
    done = call("trainers.move_weights", *flags)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("ending", [".keras", ".weights.h5"])
@pytest.mark.parametrize("source", ["model.keras", "run", "model.weights.h5"])
def test_moves_what_it_reads(folder, tmp_path, source, ending):
    output = tmp_path / f"new{ending}"
    like = [f"--like={folder}/model.keras"] if source.endswith(".h5") else []
    said = moved(f"--source={folder / source}", f"--output={output}", *like)
    expected = load_model(folder / "model.keras").fingerprint
    assert expected in said and compat.STACK in said
    if ending == ".keras":
        assert load_model(output).fingerprint == expected
    else:
        model = build_reid_model("small", SIZE, 5, str(output))
        for one, other in zip(
            model.get_weights(),
            load_model(folder / "model.keras").model.get_weights(),
            strict=True,
        ):
            np.testing.assert_array_equal(one, other)


def test_a_checkpoint_may_be_named_from_where_it_lies(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder / "run" / "checkpoints")
    moved("--source=step-3.index", f"--output={tmp_path}/last.keras")


def test_a_checkpoint_takes_its_workdirs_architecture(folder, tmp_path):
    moved(f"--source={folder}/run/checkpoints/step-3", f"--output={tmp_path}/last.keras")
    for weight in load_model(tmp_path / "last.keras").model.get_weights():
        assert (weight == 0.5).all()


def test_a_checkpoint_starts_a_model_of_other_people(folder):
    other = build_reid_model("small", SIZE, 7)
    (before,) = other.network.get_layer("logits").get_weights()[:1]
    load_weights(other, folder / "run" / "checkpoints" / "step-3")
    np.testing.assert_array_equal(other.network.get_layer("logits").get_weights()[0], before)
    assert (other.network.get_layer("embedding").get_weights()[0] == 0.5).all()


BAD = {
    "nothing": ([], ["--source is missing"]),
    "no output": (["--source={folder}/model.keras"], ["--output is missing"]),
    "ending": (["--source={folder}/model.keras", "--output=new.h5"], ["must end in .keras or"]),
    "a folder": (["--source={folder}/model.keras", "--output={folder}/dir.keras"], ["is a folder"]),
    "no source": (["--source=/no/such.keras", "--output={tmp}/a.keras"], ["/no/such.keras"]),
    "bare": (["--source={folder}/model.weights.h5", "--output={tmp}/a.keras"], ["--like"]),
    "like": (
        ["--source={folder}/run", "--like={folder}/model.keras", "--output={tmp}/a.keras"],
        ["leave out --like"],
    ),
    "other identities": (
        ["--source={folder}/run/checkpoints/step-3", "--like={folder}/seven.keras",
         "--output={tmp}/a.keras"],
        ["another number of identities"],
    ),
    "other architecture": (
        ["--source={folder}/run/checkpoints/step-3", "--like={folder}/wide.keras",
         "--output={tmp}/a.keras"],
        ["another architecture"],
    ),
    "no file of weights": (
        ["--source={folder}/none.weights.h5", "--like={folder}/run", "--output={tmp}/a.keras"],
        ["there is no weights file"],
    ),
    "damaged": (
        ["--source={folder}/damaged/checkpoints/step-3", "--like={folder}/run",
         "--output={tmp}/a.keras"],
        ["cannot be read as a checkpoint"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence(folder, tmp_path, case):
    arguments, words = BAD[case]
    if case == "a folder":
        (folder / "dir.keras").mkdir()
    if case == "other identities":
        build_reid_model("small", SIZE, 7).save(folder / "seven.keras")
    if case == "other architecture":
        build_reid_model("small", SIZE, 5, alpha=0.5).save(folder / "wide.keras")
    if case == "damaged":
        damaged = folder / "damaged" / "checkpoints"
        damaged.mkdir(parents=True)
        (damaged / "step-3.index").write_bytes(b"nothing")
    filled = [argument.format(folder=folder, tmp=tmp_path) for argument in arguments]
    assert_refused(call("trainers.move_weights", *filled), *words)
    assert not list(tmp_path.iterdir())
