"""Exports under dynamic batching: strangers in one run, and limits that fit the server's."""

import grpc
import numpy as np
import pytest

from export.batching_file import FILE, allowed_sizes, batching_text
from export.limits import Limits
from export.parity import description
from export.parity_attacks import attack_request
from keras_reid.attacks import ATTACKS
from keras_reid.data.images import to_images
from serving.client import ReIDClient
from serving.server import batching_config
from serving.server.batching_config import BatchingParameters, parse_batching_parameters
from serving.server.embedded import EmbeddedServer
from serving.server.options import Loading
from tests.export.conftest import LIMITS
from tests.export.merging import ask_merged, assert_same_attack, merging_client
from tests.export.models import pixels
from tests.serving.server.clients import GrpcClient

COUNT = 4


@pytest.fixture(scope="module")
def client(exported):
    with merging_client(exported[0], COUNT) as client:
        yield client


@pytest.mark.parametrize("name", ATTACKS)
def test_merged_attacks_answer_as_alone(client, model, served, monkeypatch, name):
    embeddings = np.asarray(model.embed(to_images(pixels(COUNT))))
    facts = description(served)["attacks"][name]
    given = attack_request(pixels(COUNT), embeddings, facts, 5 / 255, 6, seed=3)
    given["epsilon"] = np.float32([2, 5, 8, 40]) / 255  # the last is clamped
    given["steps"] = np.int32([1, 4, 10, 3])
    given["seed"] = np.int64([7, 7, 1, 2**40])
    signature = f"attack_{name}"
    alone = [
        served.run(signature, {name: value[row : row + 1] for name, value in given.items()})
        for row in range(COUNT)
    ]
    wanted = {name: np.concatenate([answer[name] for answer in alone]) for name in alone[0]}
    assert_same_attack(ask_merged(client, monkeypatch, signature, given), wanted)


def test_merged_embeddings_are_those_alone_up_to_rounding(client, served, monkeypatch):
    given = {"images": pixels(COUNT, seed=5)}
    found = ask_merged(client, monkeypatch, "embed", given)["embeddings"]
    alone = [served.run("embed", {"images": given["images"][i : i + 1]}) for i in range(COUNT)]
    wanted = np.concatenate([answer["embeddings"] for answer in alone])
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_the_file_of_an_export_fits_its_limits(exported, served):
    main, encoded = exported
    assert FILE == batching_config.FILE and not (encoded / FILE).exists()
    assert batching_config.read_batching_parameters(main / FILE) == BatchingParameters(
        max_batch_size=description(served)["limits"]["batch"],
        batch_timeout_micros=1000,
        max_enqueued_batches=64,
        allowed_batch_sizes=(1, 2, 4, 8, 16),
    )


@pytest.mark.parametrize("batch", [1, 2, 3, 17, 64, 5000])
def test_any_limit_makes_a_valid_file(batch):
    parameters = parse_batching_parameters(batching_text(Limits(batch=batch)))
    assert parameters.max_batch_size == parameters.allowed_batch_sizes[-1] == batch
    assert parameters.max_enqueued_batches >= 10 and parameters.num_batch_threads is None
    assert allowed_sizes(17) == [1, 2, 4, 8, 16, 17] and allowed_sizes(1) == [1]


def test_the_largest_request_that_describe_allows_is_the_largest_that_is_taken(exported):
    models = {"reid": exported[0].parent, "reid_encoded": exported[1].parent}
    loading = Loading(batching=BatchingParameters(), per_model_batching=True)
    with EmbeddedServer(models, rest_port=None, loading=loading) as server:
        with ReIDClient(server.grpc_address) as client:
            limit = client.describe()["limits"]["batch"]
            assert limit == LIMITS.batch
            assert client.embed(pixels(2 * limit + 1)).shape == (2 * limit + 1, 16)
        with GrpcClient(server.grpc_address) as raw, pytest.raises(grpc.RpcError) as caught:
            raw.predict("reid", {"images": pixels(limit + 1)}, signature="embed")
    assert caught.value.details() == (
        f"Task size {limit + 1} is larger than maximum input batch size {limit}"
    )
