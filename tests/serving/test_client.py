"""Both faces of the client against a NumPy model, over gRPC and over REST."""

import io

import numpy as np
import pytest
from PIL import Image

from serving import contract
from serving.client import ReIDClient, VersionStatus
from serving.errors import (
    BadRequest,
    ModelNotFound,
    RequestTooLarge,
    ServerFailure,
    ServerUnavailable,
)
from tests.serving import fake_server
from tests.serving.faces import FACES
from tests.serving.fake_server import SIZE, WIDTH, Failure, embed


@pytest.fixture
def model():
    return fake_server.FakeModel()


@pytest.fixture(params=FACES)
def client(request, model):
    server, face = FACES[request.param]
    with server(model) as address:
        # One request after the other: tests below count them in their order.
        with face(address, timeout=10, max_in_flight=1) as client:
            yield client


def some_images(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, [count, *SIZE, 3]).astype(np.uint8)


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def paths(tmp_path):
    """Six PNG files of `some_images(6)`."""
    made = [tmp_path / f"{index}.png" for index in range(6)]
    for path, pixels in zip(made, some_images(6), strict=True):
        path.write_bytes(png(pixels))
    return made


class TestEmbed:
    def test_pixels_become_embeddings(self, client):
        embeddings = client.embed(some_images(3))
        assert embeddings.dtype == np.float32 and embeddings.shape == (3, WIDTH)
        np.testing.assert_array_equal(embeddings, embed(some_images(3)))

    def test_one_image_is_a_batch_of_one(self, client):
        assert client.embed(some_images(1)[0]).shape == (1, WIDTH)

    def test_files_bytes_and_pixels_agree(self, client, paths):
        expected = embed(some_images(6))
        names = [str(path) for path in paths]
        contents = [path.read_bytes() for path in paths]
        for images in (paths, tuple(names), contents, iter(paths), np.array(names)):
            np.testing.assert_array_equal(client.embed(images), expected)
        np.testing.assert_array_equal(client.embed(names[0]), expected[:1])

    def test_a_large_input_is_sent_in_batches_the_model_takes(self, client, model, paths):
        client.embed(some_images(6))
        client.embed(paths)
        assert [len(sent["images"]) for sent in model.sent(contract.EMBED)] == [4, 2]
        assert [len(sent["encoded"]) for sent in model.sent(contract.EMBED_ENCODED)] == [4, 2]

    def test_batch_size_is_the_callers(self, client, model):
        with ReIDClient(client.server, batch_size=3, max_in_flight=1) as smaller:
            smaller.embed(some_images(6))
        assert [len(sent["images"]) for sent in model.sent(contract.EMBED)] == [3, 3]

    def test_files_are_decoded_by_the_server(self, client, paths):
        np.testing.assert_array_equal(client.decode(paths), some_images(6))


class TestAttack:
    def test_returns_uint8_images_in_the_ball(self, client):
        images = some_images(3)
        adversarial = client.attack(images, attack="sma", epsilon_255=5, steps=15, seed=0)
        assert adversarial.dtype == np.uint8 and adversarial.shape == images.shape
        assert np.abs(adversarial.astype(int) - images).max() == 5

    def test_details_are_the_contracts_outputs(self, client):
        result = client.attack_details(some_images(6), epsilon_255=3, steps=7)
        assert set(vars(result)) == {*contract.ATTACK_OUTPUTS, "mask"} and result.mask is None
        assert result.valid.dtype == bool and result.valid.all()
        np.testing.assert_allclose(result.epsilon_used, np.full(6, 3 / 255), rtol=1e-6)
        np.testing.assert_allclose(result.linf, np.full(6, 3 / 255), rtol=1e-6)
        assert result.steps_used.tolist() == [7] * 6
        moved = embed(result.adversarial) - embed(some_images(6))
        np.testing.assert_allclose(result.displacement, np.linalg.norm(moved, axis=1), rtol=1e-5)

    def test_seeds_are_those_of_the_whole_input(self, client, model):
        client.attack(some_images(6), seed=40)
        sent = [inputs["seed"].tolist() for inputs in model.sent("attack_sma")]
        assert sent == [[40, 41, 42, 43], [44, 45]]

    def test_a_row_of_its_own_for_each_image(self, client, model):
        epsilon = [1, 2.5, 16]
        client.attack(some_images(3), epsilon_255=epsilon, steps=[1, 2, 3], seed=[7, -7, 2**63 - 1])
        (sent,) = model.sent("attack_sma")
        np.testing.assert_array_equal(sent["epsilon"], np.float32(np.array(epsilon) / 255))
        assert sent["steps"].tolist() == [1, 2, 3] and sent["steps"].dtype == np.int32
        assert sent["seed"].tolist() == [7, -7, 2**63 - 1] and sent["seed"].dtype == np.int64

    def test_files_are_decoded_first(self, client, paths):
        expected = client.attack(some_images(6), seed=3)
        np.testing.assert_array_equal(client.attack(paths, seed=3), expected)

    def test_the_ceiling_itself_is_allowed(self, client):
        client.attack(some_images(1), epsilon_255=16, steps=20)

    def test_a_failed_image_is_told(self, client, model):
        model.edit = lambda outputs: outputs | {"valid": np.array([1, 0], np.uint8)}
        with pytest.warns(UserWarning, match="failed on 1 of 2 images, first on image 1") as told:
            client.attack(some_images(2))
        if isinstance(client, ReIDClient):  # on a loop there is no caller to point at
            assert told[0].filename == __file__


def guides_sent(model):
    (sent,) = model.sent("attack_fna")
    return [sent[name] for name in ("push", "push_weight", "pull", "pull_weight")]


class TestGuides:
    """The fake export has room for 3 pushing and 2 pulling guides of 5 numbers."""

    def test_embeddings_per_image_are_padded_with_weight_0(self, client, model):
        push = np.arange(2 * 2 * WIDTH, dtype=np.float32).reshape(2, 2, WIDTH)
        client.attack(some_images(2), attack="fna", push=push)
        sent, weight, pull, pull_weight = guides_sent(model)
        np.testing.assert_array_equal(sent[:, :2], push)
        assert not sent[:, 2].any() and sent.shape == (2, 3, WIDTH)
        assert weight.tolist() == [[1, 1, 0]] * 2
        assert not pull.any() and not pull_weight.any() and pull.shape == (2, 2, WIDTH)

    def test_shared_guides_go_to_every_image(self, client, model):
        pull = np.arange(2 * WIDTH, dtype=np.float64).reshape(2, WIDTH)
        client.attack(some_images(3), attack="fna", pull=pull)
        _, push_weight, sent, weight = guides_sent(model)
        np.testing.assert_array_equal(sent, np.broadcast_to(pull, [3, 2, WIDTH]))
        assert weight.tolist() == [[1, 1]] * 3 and not push_weight.any()

    def test_images_and_files_are_embedded_first(self, client, model, paths):
        others = some_images(6)
        per_image = others[:4].reshape(2, 2, *SIZE, 3)
        client.attack(some_images(2), attack="fna", push=per_image, pull=paths[4:])
        push, _, pull, _ = guides_sent(model)
        np.testing.assert_array_equal(push[:, :2], embed(others[:4]).reshape(2, 2, WIDTH))
        np.testing.assert_array_equal(pull[0], embed(others[4:]))

    def test_each_image_may_have_a_number_of_its_own(self, client, model, paths):
        client.attack(some_images(3), attack="fna", push=[[paths[0]], [], paths[1:4]])
        push, weight, _, _ = guides_sent(model)
        assert weight.tolist() == [[1, 0, 0], [0, 0, 0], [1, 1, 1]]
        others = embed(some_images(6))
        np.testing.assert_array_equal(push[0, 0], others[0])
        np.testing.assert_array_equal(push[2], others[1:4])
        assert not push[1].any()

    @pytest.mark.parametrize(
        "one",
        [some_images(1)[0], embed(some_images(1))[0], embed(some_images(1))[0].tolist()],
        ids=["pixels", "embedding", "list"],
    )
    def test_one_guide_needs_no_list(self, client, model, one):
        client.attack(some_images(2), attack="fna", push=one)
        push, weight, _, _ = guides_sent(model)
        np.testing.assert_allclose(push[:, 0], np.repeat(embed(some_images(1)), 2, 0), rtol=1e-6)
        assert weight.tolist() == [[1, 0, 0]] * 2

    def test_guides_follow_their_images_into_the_batches(self, client, model):
        push = np.arange(6 * WIDTH, dtype=np.float32).reshape(6, 1, WIDTH)
        client.attack(some_images(6), attack="fna", push=push)
        first, second = model.sent("attack_fna")
        np.testing.assert_array_equal(first["push"][:, :1], push[:4])
        np.testing.assert_array_equal(second["push"][:, :1], push[4:])


ONES = np.ones([2, 1, WIDTH], np.float32)
REFUSED = {
    "epsilon negative": (dict(epsilon_255=-1), "epsilon_255 must not be negative, and -1 is"),
    "epsilon above": (
        dict(epsilon_255=17),
        "epsilon_255 of 17 is above the server's ceiling of 16",
    ),
    "epsilon NaN": (dict(epsilon_255=float("nan")), "epsilon_255 must be a finite number"),
    "epsilon infinite": (dict(epsilon_255=[1, np.inf]), "epsilon_255 must be a finite number"),
    "epsilon text": (dict(epsilon_255="5"), "epsilon_255 must be a finite number"),
    "epsilon ragged": (dict(epsilon_255=[[1], 2]), "epsilon_255 must be a finite number"),
    "epsilon count": (dict(epsilon_255=[1, 2, 3]), "epsilon_255 has 3 values for 2 images"),
    "steps negative": (dict(steps=-2), "steps must not be negative, and -2 is"),
    "steps above": (dict(steps=21), "steps of 21 is above the server's ceiling of 20"),
    "steps huge": (dict(steps=2**32 + 1), "above the server's ceiling of 20"),
    "steps broken": (dict(steps=1.5), "steps must be a whole number"),
    "steps true": (dict(steps=True), "steps must be a whole number"),
    "seed huge": (dict(seed=2**63 - 1), "seed must be a whole number of 64 bits"),
    "seed beyond": (dict(seed=2**70), "seed must be a whole number of 64 bits"),
    "seed broken": (dict(seed=0.5), "seed must be a whole number of 64 bits"),
    "seed count": (dict(seed=[1, 2, 3]), "seed has 3 values for 2 images"),
    "attack unknown": (dict(attack="odfa"), "attack 'odfa' is not exported .*it has fna, sma"),
    "guides missing": (dict(attack="fna"), "attack fna needs guides"),
    "guides given": (dict(push=ONES), "attack sma makes its own guides"),
    "guide width": (dict(attack="fna", push=ONES[..., :3]), "push guides are 3 wide .* takes 5"),
    "guide NaN": (dict(attack="fna", pull=ONES * np.nan), "pull guides must be finite"),
    "guides many": (dict(attack="fna", pull=np.ones([3, WIDTH])), "3 pull guides .* room for 2"),
    "guide count": (dict(attack="fna", pull=ONES[:1]), "pull has guides for 1 images, not 2"),
    "guides none": (dict(attack="fna", push=[]), "push is empty"),
    "guides empty": (dict(attack="fna", push=[[], []]), "push is empty"),
    "guides deep": (dict(attack="fna", push=ONES[None, None]), "nested too deeply"),
    "guides whole": (dict(attack="fna", push=[[1, 2]]), "push holds int64"),
    "guides ragged": (dict(attack="fna", push=[[0.5], [0.5, 1.0]]), "differ in kind or width"),
    "guide size": (dict(attack="fna", push=some_images(2)[:, :3]), "images are 3 x 4 pixels"),
}


@pytest.mark.parametrize(("arguments", "says"), REFUSED.values(), ids=REFUSED)
def test_attacks_are_refused_before_anything_is_attacked(client, model, arguments, says):
    with pytest.raises(BadRequest, match=says):
        client.attack(some_images(2), **arguments)
    assert not model.sent("attack_sma") and not model.sent("attack_fna")


IMAGES = {
    "none": ([], "no images given"),
    "empty batch": (np.zeros([0, *SIZE, 3], np.uint8), "no images given"),
    "floats": (some_images(2) / 255, "must be uint8 pixels, not float64.*images \\* 255"),
    "wide integers": (some_images(2).astype(int), "must be uint8 pixels or files, not int64"),
    "objects": ([None], "must be uint8 pixels or files, not object"),
    "size": (some_images(2)[:, :, :3], "images are 8 x 3 pixels .* the model takes 8 x 4"),
    "channels": (some_images(2)[..., :1], "must have the shape \\[N, height, width, 3\\]"),
    "rank": (some_images(2)[0, 0], "must have the shape"),
    "ragged": ([some_images(1)[0], some_images(1)[0, :4]], "the images differ in size"),
    "mixed": ([b"\x89PNG", some_images(1)[0]], "image 1 is neither a path nor bytes"),
    "missing file": (["no/such.jpg"], "cannot read no/such.jpg: No such file"),
    "folder": (["."], "cannot read .: Is a directory"),
    "text file": ([__file__], "test_client.py is neither a JPEG nor a PNG"),
    "no bytes": ([b""], "image 0 is neither a JPEG nor a PNG"),
}


@pytest.mark.parametrize("method", ["embed", "attack"])
@pytest.mark.parametrize(("images", "says"), IMAGES.values(), ids=IMAGES)
def test_what_is_no_batch_of_images_is_refused(client, method, images, says):
    with pytest.raises(BadRequest, match=says):
        getattr(client, method)(images)


class TestFiles:
    @pytest.mark.parametrize("method", ["embed", "attack", "decode"])
    def test_the_undecodable_one_is_named(self, client, paths, method):
        paths[2].write_bytes(paths[2].read_bytes()[:20])
        with pytest.raises(BadRequest, match="2.png cannot be decoded: .*unknown format") as error:
            getattr(client, method)(paths)
        assert "node Decode" not in str(error.value)

    def test_bytes_are_named_by_their_place_in_the_whole_input(self, client, paths):
        contents = [path.read_bytes() for path in paths]
        contents[5] = contents[5][:20]
        with pytest.raises(BadRequest, match="image 5 cannot be decoded"):
            client.embed(contents)

    def test_one_above_the_limit_is_named(self, client, paths):
        paths[1].write_bytes(paths[1].read_bytes() + bytes(2000))
        with pytest.raises(RequestTooLarge, match="1.png has .* the server takes at most 2000"):
            client.embed(paths)

    def test_zero_bytes_at_the_end_arrive(self, client, model, paths):
        content = paths[0].read_bytes() + b"\0\0"
        client.embed([content])
        assert model.sent(contract.EMBED_ENCODED)[0]["encoded"].tolist() == [content]

    def test_without_the_second_servable_the_remedy_is_told(self, client, model, paths):
        del model.signatures["reid_encoded"]
        with pytest.raises(ModelNotFound, match="does not serve 'reid_encoded'.*send pixels"):
            client.embed(paths)


class TestWhatTheServerTells:
    def test_status(self, client):
        available = VersionStatus(2, "AVAILABLE")
        assert client.status() == [VersionStatus(1, "END"), available]

    def test_describe(self, client):
        description = client.describe()
        assert description == fake_server.DESCRIPTION
        description["limits"].clear()
        assert client.describe() == fake_server.DESCRIPTION

    def test_metadata(self, client):
        known = client.metadata()
        assert "attack_sma" in known and "__saved_model_init_op" not in known
        assert known["embed"]["inputs"] == {"images": {"dtype": "uint8", "shape": [None, *SIZE, 3]}}
        assert known["describe"]["outputs"] == {"description": {"dtype": "str", "shape": [None]}}

    def test_an_unknown_model_is_named(self, client):
        with ReIDClient(client.server, model="nope") as other:
            for call in (other.status, other.metadata, lambda: other.embed(some_images(1))):
                with pytest.raises(ModelNotFound, match="does not serve 'nope'"):
                    call()

    @pytest.mark.parametrize("key", ["input_size", "attacks", "limits", "contract_version"])
    def test_a_description_without_its_parts_is_refused(self, client, model, key):
        del model.description[key]
        with pytest.raises(ServerFailure, match="describes itself"):
            client.attack(some_images(1))

    def test_a_batch_above_the_ceiling_is_refused(self, client):
        with ReIDClient(client.server, batch_size=5) as larger:
            with pytest.raises(BadRequest, match="batch_size of 5 is above .* ceiling of 4"):
                larger.embed(some_images(1))


class TestReady:
    def test_returns_once_a_version_is_available(self, client):
        client.wait_ready(timeout=5)

    def test_the_second_servable_may_be_needed_too(self, client, model):
        client.wait_ready(timeout=5, encoded=True)
        del model.signatures["reid_encoded"]
        client.wait_ready(timeout=5)
        with pytest.raises(ModelNotFound, match="does not serve 'reid_encoded'"):
            client.wait_ready(timeout=0.1, encoded=True)

    @pytest.mark.parametrize("timeout", [0, -1, float("nan")])
    def test_no_time_to_wait_is_refused(self, client, timeout):
        with pytest.raises(BadRequest, match="timeout must be positive"):
            client.wait_ready(timeout)

    def test_waits_for_loading(self, client, model):
        model.versions = [(3, "LOADING", "")]
        with pytest.raises(ServerUnavailable, match="not ready after 0.1 seconds"):
            client.wait_ready(timeout=0.1)

    def test_the_end_of_all_versions_is_final(self, client, model):
        model.versions = [(3, "END", "no SavedModel there")]
        with pytest.raises(ServerFailure, match="can't be served: no SavedModel there"):
            client.wait_ready(timeout=60)


FOREIGN = contract.Signature(
    {"input_1": contract.Tensor("uint8", (*SIZE, 3))},
    {"output_0": contract.Tensor("float32", (5,))},
)


class TestForeignModel:
    """Only serving_default, whatever its tensors are called, and no describe."""

    @pytest.fixture(autouse=True)
    def foreign(self, model):
        model.signatures["reid"] = {contract.DEFAULT_SIGNATURE: FOREIGN}

    def test_embed_works(self, client, model):
        np.testing.assert_array_equal(client.embed(some_images(40)), embed(some_images(40)))
        assert [len(sent["input_1"]) for sent in model.sent("serving_default")] == [32, 8]

    def test_embed_of_another_size_is_refused(self, client):
        with pytest.raises(BadRequest, match="the model takes 8 x 4"):
            client.embed(some_images(1)[:, :4])

    def test_attack_and_describe_say_why_not(self, client):
        for call in (client.describe, lambda: client.attack(some_images(1))):
            with pytest.raises(BadRequest, match="does not describe itself, so only embed"):
                call()

    def test_float_images_are_refused(self, client, model):
        floats = contract.Signature({"x": contract.Tensor("float32", (4,))}, FOREIGN.outputs)
        model.signatures["reid"] = {contract.DEFAULT_SIGNATURE: floats}
        with pytest.raises(BadRequest, match="takes float32, not uint8 pixels"):
            client.embed(some_images(1))

    def test_two_inputs_are_refused(self, client, model):
        two = contract.Signature({**FOREIGN.inputs, "y": contract.Tensor("str")}, FOREIGN.outputs)
        model.signatures["reid"] = {contract.DEFAULT_SIGNATURE: two}
        with pytest.raises(BadRequest, match="2 inputs where there should be one"):
            client.embed(some_images(1))


def test_a_closed_client_says_so(client):
    client.close()
    for call in (client.status, lambda: client.embed(some_images(9))):
        with pytest.raises(BadRequest, match="this client is closed"):
            call()


class TestStrangeAnswers:
    def test_rows_that_are_missing(self, client, model):
        model.edit = lambda outputs: {name: array[:1] for name, array in outputs.items()}
        with pytest.raises(ServerFailure, match="for 2 images"):
            client.embed(some_images(2))

    def test_outputs_that_are_missing(self, client, model):
        model.edit = lambda outputs: {k: v for k, v in outputs.items() if k != "linf"}
        with pytest.raises(ServerFailure, match="without .*'linf'"):
            client.attack(some_images(2))

    def test_a_failure_of_the_server_keeps_its_words(self, client, model):
        client.describe()
        model.failures = [Failure("INTERNAL", "XLA compilation disabled")]
        with pytest.raises(ServerFailure, match="XLA compilation disabled"):
            client.embed(some_images(1))
