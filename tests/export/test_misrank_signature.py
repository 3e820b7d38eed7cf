"""attack_misrank: exported and served as trained, within its ceilings, each row by itself."""

import keras
import numpy as np
import pytest

from export.limits import Limits
from export.misrank_signature import load_generator
from export.parity import check_export, check_server, description
from export.savedmodel import export_model
from export.session import ServedModel
from keras_reid.attacks import round_inside
from keras_reid.data.images import to_images
from keras_reid.errors import ReIDError
from keras_reid.misrank import MisrankModel
from keras_reid.models import build_reid_model
from serving.client import ReIDClient
from serving.errors import BadRequest
from serving.server.embedded import EmbeddedServer
from tests.export.merging import ask_merged, assert_same_attack, merging_client
from tests.export.models import SIZE, make_linear, pixels

ALL = SIZE[0] * SIZE[1]
CEILING = 200  # of the 512 pixels
LIMITS = Limits(epsilon=8 / 255, batch=8, pixels=CEILING)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A folder with a generator as a run leaves it."""
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("run")
    generator = MisrankModel(SIZE, filters=4, blocks=1, discriminator_filters=4)
    images = to_images(pixels(8, seed=9))
    for _ in range(3):  # statistics and singular vectors that are not the initial ones
        generator.perturbed(images, 8 / 255, 0, training=True)
    kernel = generator.generator.trainable_variables[-2]
    kernel.assign(200 * np.asarray(kernel))  # an untrained one changes no pixel by a whole step
    generator.save(str(folder / "model.keras"))
    return folder


@pytest.fixture(scope="module")
def model():
    return make_linear()


@pytest.fixture(scope="module")
def generator(run, model):
    return load_generator(run, model)


@pytest.fixture(scope="module")
def exported(model, generator, tmp_path_factory):
    base = tmp_path_factory.mktemp("models")
    return export_model(model, base, "reid", ["sma"], LIMITS, version=1, generator=generator)


@pytest.fixture(scope="module")
def served(exported):
    with ServedModel(exported[0]) as opened:
        yield opened


def request(count=6, epsilon=6 / 255, num_pixels=0, seed=0):
    return {
        "images": pixels(count, seed),
        "epsilon": np.full(count, epsilon, np.float32),
        "num_pixels": np.full(count, num_pixels, np.int32),
    }


def ask(served, given):
    return served.run("attack_misrank", given)


def changed(answer, given):
    return (answer["adversarial"] != given["images"]).any(axis=-1).sum(axis=(1, 2))


def test_the_export_answers_like_its_run(model, exported, generator):
    rows = check_export(model, exported[0], pixels(6), generator=generator)
    assert [row.what for row in rows if "misrank" in row.what]
    assert all(row.holds for row in rows), rows


def test_comparing_without_the_run_is_refused(model, exported):
    with pytest.raises(ReIDError, match="--misrank"):
        check_export(model, exported[0], pixels(2))


def test_every_output_is_what_it_says(model, served, generator):
    given = request(num_pixels=50)
    answer = ask(served, given)
    local, mask = generator(to_images(given["images"]), 6 / 255, 50)
    expected = round_inside(local, given["images"], given["epsilon"]).numpy()
    assert np.mean(expected == answer["adversarial"]) >= 0.97
    assert np.mean(mask.numpy() == answer["mask"]) >= 0.97
    change = np.abs(answer["adversarial"].astype(int) - given["images"])
    assert 0 < change.max() <= 6
    np.testing.assert_allclose(answer["linf"], change.max(axis=(1, 2, 3)) / 255.0, rtol=1e-5)
    assert np.all(answer["mask"].sum(axis=(1, 2, 3)) == 50)
    assert np.all(change.max(axis=-1, keepdims=True)[answer["mask"] == 0] == 0)
    after, before = (
        np.asarray(model.embed(to_images(p))) for p in (answer["adversarial"], given["images"])
    )
    moved = np.linalg.norm(after - before, axis=1)
    np.testing.assert_allclose(answer["displacement"], moved, rtol=1e-3)
    assert np.all(answer["valid"] == 1)


def test_ceilings_are_in_the_graph(served):
    given = request()
    given["epsilon"] = np.float32([-1.0, 0.5, 5 / 255, 0.0, 1.0, 2 / 255])
    given["num_pixels"] = np.int32([0, 1, CEILING, CEILING + 1, 10**6, 30])
    answer = ask(served, given)
    expected = np.clip(given["epsilon"], 0, LIMITS.epsilon)
    np.testing.assert_allclose(answer["epsilon_used"], expected, rtol=1e-6)
    ones = answer["mask"].sum(axis=(1, 2, 3))
    np.testing.assert_array_equal(ones, [CEILING, 1, CEILING, CEILING, CEILING, 30])
    assert np.all(changed(answer, given) <= ones)
    assert np.all(255 * answer["linf"] <= 255 * expected + 1e-3)


def test_a_bad_row_is_given_back_and_its_neighbours_never_notice(served):
    given = request()
    good = ask(served, given)
    given["epsilon"][1], given["num_pixels"][4] = np.nan, -1
    answer = ask(served, given)
    np.testing.assert_array_equal(answer["valid"], [1, 0, 1, 1, 0, 1])
    for row in (1, 4):
        np.testing.assert_array_equal(answer["adversarial"][row], given["images"][row])
        assert not answer["mask"][row].any() and answer["displacement"][row] == 0
    for row in (0, 2, 3, 5):
        np.testing.assert_array_equal(answer["adversarial"][row], good["adversarial"][row])


def test_merged_requests_answer_as_alone(served):
    given = request(5)
    given["epsilon"] = np.float32([2, 4, 6, 8, 8]) / 255
    given["num_pixels"] = np.int32([0, 20, 100, 3, 0])
    merged = ask(served, given)
    for row in range(5):
        alone = ask(served, {name: value[row : row + 1] for name, value in given.items()})
        assert np.mean(alone["adversarial"][0] == merged["adversarial"][row]) >= 0.97
        np.testing.assert_allclose(
            alone["displacement"][0], merged["displacement"][row], rtol=0.02
        )  # fmt: skip


def test_requests_that_a_server_merged_answer_as_alone(exported, served, monkeypatch):
    given = request(4)
    given["epsilon"] = np.float32([2, 4, 8, 40]) / 255
    given["num_pixels"] = np.int32([0, 20, 3, 100])
    alone = [
        ask(served, {name: value[i : i + 1] for name, value in given.items()}) for i in range(4)
    ]
    wanted = {name: np.concatenate([answer[name] for answer in alone]) for name in alone[0]}
    with merging_client(exported[0], 4) as client:
        assert_same_attack(ask_merged(client, monkeypatch, "attack_misrank", given), wanted)


def test_describe_tells_what_may_be_asked(served):
    told = description(served)["attacks"]["misrank"]
    assert told["generator"] and not told["guided"] and told["num_pixels"] == CEILING
    assert told["trained_epsilon"] == pytest.approx(16 / 255)


class TestThroughTheClient:
    @pytest.fixture(scope="class")
    def server(self, exported):
        models = {"reid": exported[0].parent, "reid_encoded": exported[1].parent}
        with EmbeddedServer(models) as server:
            yield server

    @pytest.fixture(params=["grpc_address", "rest_address"])
    def client(self, request, server):
        with ReIDClient(getattr(server, request.param)) as client:
            yield client

    def test_it_is_one_more_attack(self, client, served):
        images = pixels(10)  # more than one request
        found = client.attack(images, attack="misrank", epsilon_255=8, num_pixels=40)
        given = {**request(10, 8 / 255, 40), "images": images}
        assert np.mean(found == ask(served, given)["adversarial"]) >= 0.97
        details = client.attack_details(images, "misrank", epsilon_255=8, num_pixels=40)
        assert details.mask.shape == (10, *SIZE, 1) and np.all(details.mask.sum((1, 2, 3)) == 40)
        assert details.steps_used is None and details.valid.all()

    def test_served_is_exported_bit_for_bit(self, client, exported):
        rows = check_server(client, exported[0], pixels(6), epsilon=5 / 255)
        assert [row for row in rows if "misrank" in row.what]
        assert all(row.holds for row in rows), rows

    @pytest.mark.parametrize(
        ("asked", "words"),
        [
            ({"epsilon_255": 9}, "epsilon_255 of 9 is above the server's ceiling of 8"),
            ({"epsilon_255": 5, "num_pixels": CEILING + 1}, "num_pixels of 201 is above"),
            ({"epsilon_255": 5, "num_pixels": -1}, "num_pixels must not be negative"),
            ({"epsilon_255": 5, "num_pixels": 1.5}, "num_pixels must be a whole number"),
            ({"epsilon_255": 5, "push": pixels(1)}, "takes no guides"),
        ],
    )
    def test_what_cannot_be_is_refused_in_a_sentence(self, client, asked, words):
        with pytest.raises(BadRequest, match=words):
            client.attack(pixels(1), attack="misrank", **asked)

    def test_other_attacks_have_no_pixels_to_choose(self, client):
        with pytest.raises(BadRequest, match="leave out num_pixels"):
            client.attack(pixels(1), attack="sma", num_pixels=5)


class TestWhichGenerator:
    def test_of_another_size(self, model, tmp_path):
        MisrankModel((16, 16), filters=4, blocks=1, discriminator_filters=4).save(
            str(tmp_path / "model.keras")
        )
        with pytest.raises(ReIDError, match=r"images of 16x16 .* takes 32x16"):
            load_generator(tmp_path, model)

    def test_an_embedder_is_none(self, model, tmp_path):
        build_reid_model("small", SIZE).save(str(tmp_path / "model.keras"))
        with pytest.raises(ReIDError, match="no mis-ranking generator"):
            load_generator(tmp_path, model)

    def test_nothing_is_none(self, model, tmp_path):
        with pytest.raises(ReIDError, match="there is no generator at"):
            load_generator(tmp_path, model)

    def test_a_ceiling_above_the_image_is_refused(self, model, generator, tmp_path):
        limits = Limits(batch=8, pixels=ALL + 1)
        with pytest.raises(ReIDError, match="images of 32x16 have 512"):
            export_model(model, tmp_path, "reid", [], limits, version=1, generator=generator)
        assert not (tmp_path / "reid" / "1").exists()
