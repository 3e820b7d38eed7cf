"""The road as commands: a real SavedModel, a server process, real figures, a published version."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from export.limits import Limits
from export.publishing import markers
from export.publishing.figures import Setup, measure
from export.publishing.layout import find_export
from export.publishing.target import make_target
from export.savedmodel import export_model
from serving.client import ReIDClient
from serving.server.embedded import EmbeddedServer
from tests.commands import assert_refused, call
from tests.evaluation.people import write_people
from tests.export.models import make_linear, pixels
from tests.export.publishing.fakes import everything

# tensorflow_model_server takes one flag that the development server does not know.
SERVER = f"""#!/bin/sh
if [ "$1" = --version ]; then echo "TensorFlow ModelServer: test"; exit 0; fi
for word; do shift; [ "$word" = --max_num_load_retries=0 ] || set -- "$@" "$word"; done
exec {sys.executable} -m serving.serve "$@"
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """models/reid/1, a linear model."""
    folder = tmp_path_factory.mktemp("road")
    export_model(make_linear(), folder / "models", "reid", [], Limits(batch=8), version=1)
    return folder


@pytest.fixture
def folder(original, tmp_path, monkeypatch):
    shutil.copytree(original, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def results(path, mean_ap=0.8, fingerprint="0" * 16):
    """A results file of trainers.attack, as far as it is read."""
    row = {"attack": "sma", "epsilon_255": 5.0, "mean_ap": mean_ap / 2}
    told = {
        "schema": 1, "kind": "attack", "clean": {"mean_ap": mean_ap}, "rows": [row],
        "model": {"fingerprint": fingerprint, "source": "runs/other"},
        "data": {"fingerprint": "d1"},
    }  # fmt: skip
    path.write_text(json.dumps(told))
    return f"--results={path}"


BLESS = ("export.bless", "--servable=models/reid/1", "--attacks=sma")


@pytest.mark.slow
def test_from_an_export_to_a_served_version(folder, monkeypatch):
    (folder / "bin").mkdir()
    program = folder / "bin" / "tensorflow_model_server"
    program.write_text(SERVER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder / "bin"), prepend=":")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))

    done = call("export.validate", "--servable=models/reid/1", "--batch_sizes=1,2")
    assert done.returncode == 0, done.stderr + done.stdout
    assert "warm-up records: 6 of reid, 6 of reid_encoded" in done.stdout
    content = json.loads((folder / "models/reid/1/INFRA_BLESSED").read_text())
    assert content["origin"]["server"] == "TensorFlow ModelServer: test"
    # Six records of each servable: the server that was started with them says it ran them all.
    assert content["warmup_records_seen_in_log"] == 12

    done = call(*BLESS, results(folder / "good.json"), "--min_map=0.7", "--min_robust_map=0.3")
    assert done.returncode == 0, done.stderr
    assert "mAP under sma at 5/255" in done.stdout and "MODEL_BLESSED: " in done.stdout
    done = call("export.publish", "--servable=models/reid/1", "--base=serving")
    assert done.returncode == 0, done.stderr

    # A worse one is held back by the live one.
    done = call(*BLESS, results(folder / "bad.json", 0.7), "--live=serving/reid")
    assert_refused(done, "MODEL_NOT_BLESSED: mAP is 0.700, the bar is >= 0.790")
    assert_refused(
        call("export.publish", "--servable=models/reid/1", "--base=serving", "--again"),
        "was refused, so it is not MODEL_BLESSED",
    )

    target = make_target("serving", "reid")
    models = {home.name: str(home) for home in target.homes}
    with EmbeddedServer(models, rest_port=None) as server:
        with ReIDClient(server.grpc_address, model="reid") as client:
            assert client.embed(pixels(2)).shape == (2, 4)
            assert [row.version for row in client.status()] == [target.live]
        done = call("export.list", "--base=serving", f"--server={server.grpc_address}")
    assert f"{target.live}  live" in done.stdout and "AVAILABLE" in done.stdout


@pytest.mark.slow
def test_the_figures_of_an_export_are_measured_on_data(folder, tmp_path):
    dataset = write_people(tmp_path / "people")

    setup = Setup(
        data=dataset.fingerprint(), attacks=("sma",), epsilon_255=8.0, steps=2, seed=0
    )  # fmt: skip
    found = measure(
        folder / "models/reid/1", dataset, setup, 4, lambda title, total: lambda done: 0
    )
    assert 0 < found.mean_ap <= 1 and set(found.robust) == {"sma"}
    assert np.isfinite(found.robust["sma"]) and found.robust["sma"] <= found.mean_ap
    assert found.setup == setup and found.latency_ms is None


VALIDATE = ["export.validate", "--servable=models/reid/1"]
MEASURE = [*BLESS, "--min_map=0.5"]


def stamp(folder):
    """Validated, as far as bless looks."""
    export = find_export(folder / "models/reid/1")
    markers.bless(export.main, markers.INFRA, True, {"fingerprint": export.fingerprint()})


def stamp_and_change(folder):
    stamp(folder)
    (folder / "models/reid/1/batching_params.pbtxt").write_text("")


def other_results(folder):
    stamp(folder)
    results(folder / "other.json", fingerprint="f" * 16)


def known_results(folder):
    stamp(folder)
    results(folder / "good.json")


def corrupt(folder):
    (folder / "models/reid/1/saved_model.pb").write_bytes(b"\x00garbage" * 50)


def nothing(folder):
    pass


@pytest.mark.parametrize(
    "prepare,words,said",
    [
        (nothing, ["export.validate"], "--servable must be given"),
        (nothing, ["export.validate", "--servable=nowhere"], "no version folder"),
        (nothing, ["export.validate", "--servable=models"], "holds no saved_model.pb"),
        (corrupt, VALIDATE, "does not load as TF Serving would load it"),
        (nothing, [*VALIDATE, "--binary=/nowhere"], "no program that can be run"),
        (nothing, [*VALIDATE, "--runner=kubernetes"], "--runner"),
        (nothing, [*VALIDATE, "--batch_sizes=1,x"], "--batch_sizes"),
        (nothing, [*VALIDATE, "--batch_sizes=4,1"], "not ascending"),
        (nothing, [*VALIDATE, "--batch_sizes=1,9"], "ceiling of 8"),
        (nothing, [*VALIDATE, "--images=models"], "fewer than two"),
        (nothing, [*VALIDATE, "--model=/nowhere.keras"], "no model"),
        (nothing, [*VALIDATE, "--misrank=run"], "--misrank goes with --model"),
        (nothing, [*MEASURE, "--data=people"], "not INFRA_BLESSED; run python -m export.validate"),
        (stamp_and_change, [*MEASURE, "--data=people"], "was changed since"),
        (stamp, MEASURE, "name what to measure on"),
        (stamp, [*MEASURE, "--data=people"], "no data folder"),
        (stamp, [*MEASURE[:-1], "--data=people"], "no bar is given"),
        (stamp, [*BLESS, "--min_map=good"], "--min_map"),
        (stamp, [*BLESS, "--min_map=nan"], "--min_map must be a share"),
        (stamp, [*MEASURE, "--results=nowhere.json"], "holds no results"),
        (other_results, [*MEASURE, "--results=other.json"], "is about runs/other"),
        (known_results, [*MEASURE, "--results=good.json", "--data=x"], "give one"),
        (known_results, [*MEASURE, "--results=good.json", "--attacks=fna"], "no figure of fna"),
        (known_results, [*MEASURE, "--results=good.json", "--live=models/x"], "no model 'x'"),
        (known_results, [*MEASURE, "--results=good.json", "--live=models/reid"], "not blessed on"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence_and_changes_nothing(folder, prepare, words, said):
    prepare(folder)
    before = everything(folder)
    assert_refused(call(*words), said)
    assert everything(folder) == before
