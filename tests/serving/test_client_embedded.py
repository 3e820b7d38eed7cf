"""The client against real exports in the embedded server: served is exported, bit for bit."""

import numpy as np
import pytest
from PIL import Image

from export.limits import Limits
from export.savedmodel import export_model
from export.session import ServedModel
from serving import contract
from serving.client import ReIDClient
from serving.errors import BadRequest, ModelNotFound
from serving.server.embedded import EmbeddedServer
from tests.export.models import make_linear, pixels

LIMITS = Limits(epsilon=8 / 255, steps=10, batch=4, encoded_bytes=20_000, push=3, pull=2)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """(version folder, encoded version folder)."""
    base = tmp_path_factory.mktemp("models")
    return export_model(make_linear(), base, "reid", ["sma", "fna"], LIMITS, version=3)


@pytest.fixture(scope="module")
def local(exported):
    with ServedModel(exported[0]) as model:
        yield model


@pytest.fixture(scope="module")
def server(exported):
    models = {"reid": exported[0].parent, "reid_encoded": exported[1].parent}
    with EmbeddedServer(models) as server:
        yield server


@pytest.fixture(params=["grpc_address", "rest_address"])
def client(request, server):
    with ReIDClient(getattr(server, request.param)) as client:
        yield client


@pytest.fixture
def paths(tmp_path):
    made = [tmp_path / f"{index}.png" for index in range(3)]
    for path, image in zip(made, pixels(3), strict=True):
        Image.fromarray(image).save(path)
    return made


def test_it_becomes_ready_and_tells_about_itself(client):
    client.wait_ready(timeout=30)
    assert [(row.version, row.state) for row in client.status()] == [(3, "AVAILABLE")]
    assert set(client.describe()["attacks"]) == {"sma", "fna"}
    assert client.metadata()["embed"]["inputs"]["images"]["dtype"] == "uint8"


def test_embeddings_are_the_exports(client, local):
    expected = local.run(contract.EMBED, {"images": pixels(4)})["embeddings"]
    np.testing.assert_array_equal(client.embed(pixels(4)), expected)


def test_adversarial_pixels_are_the_exports(client, local):
    result = client.attack_details(pixels(4), epsilon_255=5, steps=5, seed=9)
    request = {
        "images": pixels(4),
        "epsilon": np.full(4, 5 / 255, np.float32),
        "steps": np.full(4, 5, np.int32),
        "seed": np.arange(9, 13),
    }
    for name, expected in local.run("attack_sma", request).items():
        np.testing.assert_array_equal(getattr(result, name), expected, err_msg=name)
    assert result.linf.max() <= np.float32(5 / 255)
    assert (result.displacement > 0).all()


def test_one_image_at_a_time_starts_like_the_whole_input(client):
    together = client.attack(pixels(6), epsilon_255=5, steps=3, seed=20)
    alone = [client.attack(pixels(6)[i], epsilon_255=5, steps=3, seed=20 + i) for i in range(6)]
    assert np.mean(together == np.concatenate(alone)) >= 0.97


def test_guides_steer(client):
    images, target = pixels(4), client.embed(pixels(1, seed=5))
    pulled = client.attack(images, attack="fna", epsilon_255=8, steps=10, pull=target)
    before = np.linalg.norm(client.embed(images) - target, axis=1)
    assert (np.linalg.norm(client.embed(pulled) - target, axis=1) < before).all()


def test_files_are_decoded_like_pixels(client, paths):
    np.testing.assert_array_equal(client.decode(paths), pixels(3))
    np.testing.assert_allclose(client.embed(paths), client.embed(pixels(3)), rtol=1e-5)


def test_a_truncated_file_is_named(client, paths):
    paths[1].write_bytes(paths[1].read_bytes()[:-300])
    with pytest.raises(BadRequest, match="1.png cannot be decoded: Invalid PNG data"):
        client.embed(paths)


def test_an_unknown_model_is_told(client):
    with ReIDClient(client.server, model="nope") as other:
        with pytest.raises(ModelNotFound, match="does not serve 'nope'"):
            other.status()
