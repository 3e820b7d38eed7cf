"""A client that names a label is answered by that version, one that names none by the highest."""

import numpy as np
import pytest
import tensorflow as tf

from serving.errors import BadRequest
from serving.server.embedded import EmbeddedServer
from serving.server.served_model import ModelConfig
from serving.server.versions import All
from tests.serving.faces import CLIENTS
from tests.serving.server import tiny_models

LABELS = {"stable": 1, "canary": 2}
IMAGES = np.full([3, 4, 2, 3], 10, np.uint8)


class Scaled(tf.Module):
    """Embeds an image as its mean times `scale`, so that answers tell the version."""

    def __init__(self, scale):
        self.scale = scale

    @tf.function(input_signature=[tf.TensorSpec([None, 4, 2, 3], tf.uint8, "images")])
    def embed(self, images):
        mean = tf.reduce_mean(tf.cast(images, tf.float32), [1, 2, 3])
        return {"embeddings": self.scale * mean[:, None]}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    base = tmp_path_factory.mktemp("models") / "reid"
    for version in LABELS.values():
        tiny_models.save(Scaled(version), base, version, {"embed": "embed"})
    config = ModelConfig(name="reid", base_path=str(base), policy=All(), labels=LABELS)
    with EmbeddedServer([config]) as server:
        yield server


@pytest.mark.parametrize("address", ["grpc_address", "rest_address"])
@pytest.mark.parametrize("face", CLIENTS)
class TestLabels:
    @pytest.mark.parametrize(("label", "version"), [*LABELS.items(), (None, 2)])
    def test_chooses_the_version(self, server, address, face, label, version):
        with CLIENTS[face](getattr(server, address), label=label) as client:
            client.wait_ready(timeout=30)
            assert np.array_equal(client.embed(IMAGES), np.full([3, 1], 10 * version))
            assert "embed" in client.metadata()
            assert [row.version for row in client.status()] == [1, 2]

    def test_that_nobody_gave_is_refused(self, server, address, face):
        with CLIENTS[face](getattr(server, address), label="new/er") as client:
            with pytest.raises(BadRequest, match="label"):
                client.embed(IMAGES)


def test_an_empty_label_is_refused():
    with pytest.raises(BadRequest, match="label must name"):
        CLIENTS["blocking"]("localhost:1", label="")
