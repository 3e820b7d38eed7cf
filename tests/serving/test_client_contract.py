"""A client older or newer than what the server serves: what still works and what is said."""

import numpy as np
import pytest

from serving import contract
from serving.errors import ServerFailure
from tests.serving import fake_server
from tests.serving.faces import FACES
from tests.serving.fake_server import SIZE, embed

IMAGES = np.random.default_rng(0).integers(0, 256, [6, *SIZE, 3]).astype(np.uint8)
OURS = contract.CONTRACT_VERSION
OTHERS = {
    "newer": (OURS + 1, "update the client"),
    "much newer": (10 * OURS, "update the client"),
    "older": (OURS - 1, "export the model again"),
}


@pytest.fixture
def model():
    return fake_server.FakeModel()


@pytest.fixture(params=FACES)
def client(request, model):
    server, face = FACES[request.param]
    with server(model) as address, face(address, timeout=10) as client:
        yield client


@pytest.mark.parametrize(("version", "remedy"), OTHERS.values(), ids=OTHERS)
class TestAnotherVersion:
    @pytest.fixture(autouse=True)
    def describes(self, model, version):
        model.description["contract_version"] = version

    def test_attacks_tell_both_versions_and_the_remedy(self, client, model, version, remedy):
        says = f"'reid' follows version {version} of the contract and this client version {OURS}"
        with pytest.raises(ServerFailure, match=f"{says}: {remedy}") as error:
            client.attack(IMAGES)
        assert "embed() still works" in str(error.value)
        assert not model.sent("attack_sma")

    def test_embeddings_need_no_more_than_their_signature(self, client, model, version, remedy):
        np.testing.assert_array_equal(client.embed(IMAGES), embed(IMAGES))
        sizes = [len(sent["images"]) for sent in model.sent(contract.EMBED)]
        assert sorted(sizes) == [2, 4]  # its limits are still kept

    def test_limits_of_another_shape_are_left_aside(self, client, model, version, remedy):
        model.description["limits"] = {"batch": {"pixels": 4}, "encoded_bytes": None}
        np.testing.assert_array_equal(client.embed(IMAGES), embed(IMAGES))

    def test_a_signature_that_changed_is_told_with_the_versions(
        self, client, model, version, remedy
    ):
        changed = {**contract.EMBED_SIGNATURE.inputs, "camera": contract.Tensor("int32")}
        model.signatures["reid"][contract.EMBED] = contract.Signature(changed, contract.EMBEDDINGS)
        with pytest.raises(ServerFailure, match=f"version {version} of the contract.*{remedy}"):
            client.embed(IMAGES)

    def test_the_description_is_given_as_it_is(self, client, model, version, remedy):
        model.description["news"] = 1
        assert client.describe() == model.description


@pytest.mark.parametrize("version", ["1", None, 1.5, True, [1]])
def test_what_is_no_version_is_refused(client, model, version):
    model.description["contract_version"] = version
    for call in (client.describe, lambda: client.attack(IMAGES), lambda: client.embed(IMAGES)):
        with pytest.raises(ServerFailure, match="describes itself in no known way"):
            call()
