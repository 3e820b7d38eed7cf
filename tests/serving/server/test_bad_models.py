"""SavedModels that cannot be served, and others that are not ours."""

import shutil

import pytest
import tensorflow as tf

from serving.errors import ServingError
from serving.server.embedded import EmbeddedServer
from tests.serving.server import tiny_models
from tests.serving.server.clients import GrpcClient, RestClient, floats


def test_models_that_cannot_be_served_say_why(tmp_path, saved_models):
    class Silent(tf.Module):
        pass

    tf.saved_model.save(Silent(), str(tmp_path / "silent" / "1"))
    shutil.copytree(saved_models / "single" / "1", tmp_path / "cut" / "1")
    graph = tmp_path / "cut" / "1" / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:200])
    shutil.copytree(saved_models / "single" / "1", tmp_path / "emptied" / "1")
    for shard in (tmp_path / "emptied" / "1" / "variables").iterdir():
        shard.write_bytes(b"")
    for name, words in {
        "silent": "has no signatures",
        "cut": "cut",
        "emptied": "emptied|variables|table",
    }.items():
        with pytest.raises(ServingError, match="did not become available") as caught:
            EmbeddedServer({name: tmp_path / name}).start()
        assert caught.match(words)


def test_a_foreign_model_is_served(tmp_path):
    """The version of our contract is between the client and `describe`; the server serves all."""
    tiny_models.save_with_defaults(tmp_path / "foreign")
    with EmbeddedServer({"foreign": tmp_path / "foreign"}) as server:
        assert RestClient(server.rest_address).get("/v1/models/foreign/metadata")[0] == 200
        with GrpcClient(server.grpc_address) as client:
            assert client.outputs("foreign", {"x": floats([1, 2])})["y"].tolist() == [[1.5, 2.5]]
