"""docs/rest.md: its examples run, and its tables are the contract and the messages."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.limits import Limits
from export.savedmodel import export_model
from serving.client import ReIDClient
from serving.messages import DATA_TYPE, MESSAGES, SERVICES, STATE
from serving.server.embedded import EmbeddedServer
from tests.export.models import make_linear, pixels

PAGE = (Path(__file__).parents[2] / "docs" / "rest.md").read_text(encoding="utf-8")
LIMITS = Limits(epsilon=8 / 255, steps=15, batch=4, encoded_bytes=20_000)
WRITTEN = "http://localhost:8501"


def examples(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    base = tmp_path_factory.mktemp("models")
    plain, encoded = export_model(make_linear(), base, "reid", ["sma"], LIMITS, version=1)
    with EmbeddedServer({"reid": plain.parent, "reid_encoded": encoded.parent}) as server:
        yield server


@pytest.fixture
def client(server):
    with ReIDClient(server.rest_address) as client:
        yield client


@pytest.fixture
def run(server, tmp_path):
    """Runs a program on an example, in a folder with two images."""
    for name, image in zip(("query.jpg", "gallery.jpg"), pixels(2), strict=True):
        Image.fromarray(image).save(tmp_path / name)

    def call(program, example):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
        if program == "node" and not has_fetch():
            pytest.skip("node is older than 18")
        script = tmp_path / ("example.mjs" if program == "node" else "example.sh")
        script.write_text(example.replace(WRITTEN, server.rest_address))
        runner = "node" if program == "node" else "bash"
        done = subprocess.run(
            [runner, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return call


def has_fetch():
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=60)
    return int(told.stdout.lstrip("v").partition(".")[0]) >= 18


def test_curl_asks_whether_it_is_ready(run):
    ready, _ = examples("bash")
    (version,) = run("curl", ready)["model_version_status"]
    assert version["state"] == "AVAILABLE" and version["version"] == "1"


def test_curl_embeds_a_file(run, client, tmp_path):
    _, embed = examples("bash")
    answer = run("curl", embed)["outputs"]
    np.testing.assert_allclose(answer, client.embed(tmp_path / "query.jpg"), rtol=1e-6)


def test_javascript_compares_two_files(run, client, tmp_path):
    predict, compare, _ = examples("javascript")
    answer = run("node", predict + compare)
    query, gallery = client.embed([tmp_path / "query.jpg", tmp_path / "gallery.jpg"])
    np.testing.assert_allclose(answer["query"], query, rtol=1e-6)
    assert answer["distance"] == pytest.approx(np.linalg.norm(query - gallery), rel=1e-5)


def test_javascript_attacks_a_file(run, client, tmp_path):
    predict, _, attack = examples("javascript")
    answer = run("node", predict + attack)
    expected = client.attack_details(tmp_path / "query.jpg", epsilon_255=5, steps=15, seed=0)
    adversarial = np.asarray(Image.open(tmp_path / "adversarial.ppm"))
    np.testing.assert_array_equal(adversarial, expected.adversarial[0])
    assert answer["displacement"] == pytest.approx(float(expected.displacement[0]), rel=1e-5)
    assert answer["linf"] == pytest.approx(5, abs=1e-3)


def test_every_example_is_run():
    assert len(examples("bash")) == 2 and len(examples("javascript")) == 3
    assert PAGE.count("```") == 2 * 5


def rows(first):
    """Cells of the table whose header starts with `first`."""
    table = PAGE.partition(f"| {first} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip(" `") for cell in row.strip("|").split("|")] for row in table]


def test_fields_are_those_of_the_messages():
    told = rows("message")
    assert len(told) == 21
    for message, field, number, kind, _ in told:
        package = "tensorflow" if message.startswith("Tensor") else "tensorflow.serving"
        known = MESSAGES[f"{package}.{message}"][field]
        assert (int(number), kind) == known[:2], (message, field)


def test_numbers_and_methods_are_those_of_the_messages():
    for name, number in re.findall(r"`(DT_\w+)` (\d+)", PAGE):
        assert DATA_TYPE[name] == int(number)
    for name, number in re.findall(r"`(AVAILABLE|END)` is (\d+)", PAGE):
        assert STATE[name] == int(number)
    for service, methods in SERVICES.items():
        for method in methods:
            assert f"`/{service}/{method}`" in PAGE
