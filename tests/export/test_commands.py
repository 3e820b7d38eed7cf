"""export.export_model and export.check_parity against a running embedded server."""

import json

import numpy as np
import pytest
from PIL import Image

from serving.server.embedded import EmbeddedServer
from tests.commands import assert_refused, call, run
from tests.export.models import make_model, pixels


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """model.keras, some crops, and models/reid/4 exported by the command."""
    folder = tmp_path_factory.mktemp("export")
    make_model(folder)
    (folder / "crops").mkdir()
    for index, crop in enumerate(pixels(3)):
        Image.fromarray(crop).save(folder / "crops" / f"{index}.png")
    done = run(
        "export.export_model", f"--model={folder}/model.keras", f"--base={folder}/models",
        "--attacks=sma,fna", "--version=4", "--max_steps=8", "--num_push=2", "--num_pull=2",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "ok   attack_fna: trained = exported, equal pixels" in done.stdout
    return folder


def test_trained_equals_exported_equals_served(folder):
    models = {
        "reid": str(folder / "models/reid"),
        "reid_encoded": str(folder / "models/reid_encoded"),
    }
    with EmbeddedServer(models) as server:
        server.wait_ready(120)
        for address in (server.grpc_address, server.rest_address):
            done = call(
                "export.check_parity", f"--model={folder}/model.keras",
                f"--servable={folder}/models/reid/4", f"--server={address}", "--steps=4",
                f"--images={folder}/crops", f"--results={folder}/parity.json",
            )  # fmt: skip
            assert done.returncode == 0, done.stderr + done.stdout
            assert "trained = exported = served" in done.stdout
            rows = {row["what"]: row for row in json.loads((folder / "parity.json").read_text())}
            # The same SavedModel, the same kind of session, the same batch: bit for bit.
            for name in ("sma", "fna"):
                assert rows[f"attack_{name}: exported = served, equal pixels"]["figure"] == 1.0
            assert rows["embed: exported = served"]["figure"] <= 1e-5


def test_another_models_export_is_caught(folder, tmp_path):
    other = make_model(tmp_path, num_ids=6)
    weights = [np.flip(w) for w in other.model.get_weights()]
    other.model.set_weights(weights)
    other.model.save(tmp_path / "other.keras")
    done = call(
        "export.check_parity", f"--model={tmp_path}/other.keras",
        f"--servable={folder}/models/reid/4", f"--images={folder}/crops", "--steps=2",
    )  # fmt: skip
    assert_refused(done, "and its export differ", "embed: trained = exported")


@pytest.mark.parametrize(
    "arguments,words",
    [
        (["--model=/nowhere.keras"], "no model"),
        (["--attacks=smaa", "--version=5"], "attack 'smaa' is unknown"),
        (["--input_size=big"], "height,width"),
        (["--max_epsilon_255=300"], "--max_epsilon_255"),
        (["--name=a/b"], "no folder name"),
        (["--version=4"], "exists already"),
    ],
)
def test_bad_input_is_refused_and_leaves_no_version(folder, arguments, words):
    before = sorted((folder / "models").rglob("*"))
    done = call(
        "export.export_model", f"--model={folder}/model.keras", f"--base={folder}/models",
        "--attacks=", *arguments,
    )  # fmt: skip
    assert_refused(done, words)
    assert sorted((folder / "models").rglob("*")) == before


def test_a_server_that_is_down_is_named(folder):
    done = call(
        "export.check_parity", f"--model={folder}/model.keras", "--server=localhost:1",
        f"--servable={folder}/models/reid/4", f"--images={folder}/crops", "--steps=1",
    )  # fmt: skip
    assert_refused(done, "localhost:1")
