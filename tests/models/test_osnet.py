"""OSNet: as published, at every width, and filled from PyTorch's files."""

import os
from pathlib import Path

import numpy as np
import pytest

from keras_reid import compat
from keras_reid.errors import ReIDError
from keras_reid.models import build_reid_model, check_gradient, load_model, load_weights
from keras_reid.models.backbones import make_backbone
from tests.models import oracles
from tests.models.torch_files import WRITERS

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests/golden/osnet_x0_25_market1501.npz"
VARIABLE = "KERAS_REID_WEIGHTS"
PUBLISHED = (
    Path(os.environ.get(VARIABLE) or ROOT.parent / "shared/weights") / "osnet_x0_25_market1501.pth"
)
needs_published = pytest.mark.skipif(
    not PUBLISHED.exists(),
    reason=f"needs torchreid's {PUBLISHED.name} (MIT) in the folder ${VARIABLE} or in "
    "../shared/weights beside the checkout",
)
SIZE, ALPHA, PEOPLE = (32, 16), 1 / 16, 5
IMAGES = np.random.default_rng(0).random((3, *SIZE, 3), np.float32)
KERNEL, TO_BIAS = "network:logits:kernel", ("kernel", "bias")
TORCH_KINDS = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean",
               "moving_variance": "running_var", "kernel": "weight", "bias": "bias"}  # fmt: skip
TORCH_LAYERS = {"reduction": "fc.0", "embedding_bn": "fc.1", "logits": "classifier"}


def small_osnet(num_ids=PEOPLE, **options):
    return build_reid_model("osnet", SIZE, num_ids, **{"alpha": ALPHA, **options})


@pytest.fixture(scope="module")
def model():
    """No two weights alike, so that a mix-up shows."""
    model, generator = small_osnet(), np.random.default_rng(1)
    model.set_weights(
        [w + generator.uniform(0, 0.02, w.shape).astype(np.float32) for w in model.get_weights()]
    )
    return model


@pytest.fixture(scope="module")
def other():
    """The same architecture with weights and people of its own."""
    return small_osnet(9)


@pytest.fixture(scope="module")
def tensors(model):
    """The model's weights as torchreid would name and lay them out."""
    found = {}
    for name, variable in compat.named_variables(model).items():
        *_, layer, kind = name.split(":")
        value = variable.numpy()
        if value.ndim == 4 and layer.endswith("_conv2"):  # depthwise: h, w, channel, 1
            value = np.moveaxis(value, (2, 3), (0, 1))
        elif value.ndim == 4:
            value = np.moveaxis(value, (3, 2), (0, 1))
        elif value.ndim == 2:
            value = value.T
        layer = TORCH_LAYERS.get(layer) or layer.replace("_", ".")
        found[f"{layer}.{TORCH_KINDS[kind]}"] = value
        if kind == "beta":
            found[f"{layer}.num_batches_tracked"] = np.int64(9)
    return found


def write(path, tensors, kind="zip"):
    path.write_bytes(WRITERS[kind](tensors))
    return str(path)


@needs_published
class TestPublished:
    """torchreid's OSNet x0.25 of Market-1501 against its embeddings in PyTorch."""

    def test_embeddings_are_those_of_pytorch(self):
        golden = np.load(GOLDEN)
        loaded = load_model(PUBLISHED)
        assert (loaded.input_size, loaded.embedding_size) == ((256, 128), 512)
        assert loaded.model.alpha == 0.25 and loaded.model.num_ids == 751
        got, wanted = loaded.embed(golden["pixels"] / np.float32(255)), golden["embeddings"]
        assert np.abs(got - wanted).max() < 1e-3 * np.abs(wanted).max()
        lengths = np.linalg.norm(wanted, axis=1)
        assert (np.linalg.norm(got - wanted, axis=1) < 1e-3 * lengths).all()


# Zhou et al. 2019, table 5: millions of parameters without the classifier.
@pytest.mark.parametrize(("alpha", "millions"), [(1.0, 2.2), (0.5, 0.6)])
def test_as_many_parameters_as_published(alpha, millions):
    backbone = make_backbone("osnet", (256, 128), alpha=alpha)
    assert backbone.output.shape[1:] == (16, 8, int(512 * alpha))
    head = 512 * int(512 * alpha) + 3 * 512
    trained = sum(int(np.prod(each.shape)) for each in backbone.trainable_variables)
    assert round((trained + head) / 1e6, 1) == millions


def test_embeds_as_a_loop_over_the_paper(model, tensors):
    got, wanted = model.embed(IMAGES).numpy(), oracles.OSNet(tensors).embed(IMAGES)
    assert np.abs(got - wanted).max() < 1e-4 * np.abs(wanted).max()
    assert (wanted.std(axis=0) > 0).any()


@pytest.mark.parametrize(("kind", "people"), [("zip", PEOPLE), ("row", None)])
def test_every_tensor_of_a_torch_file_is_put_in_its_place(kind, people, model, tensors, tmp_path):
    if people is None:
        tensors = {key: value for key, value in tensors.items() if "classifier" not in key}
    path = write(tmp_path / "o.pth", {f"module.{k}": v for k, v in tensors.items()}, kind)
    loaded = load_model(path, input_size=SIZE)
    here, there = (compat.named_variables(each) for each in (model, loaded.model))
    assert set(here) - set(there) == (set() if people else {KERNEL, KERNEL.replace(*TO_BIAS)})
    for name, variable in there.items():
        np.testing.assert_array_equal(variable, here[name])
    assert loaded.kind == "torch" and (loaded.logits is None) == (people is None)
    assert loaded.model.get_config() == model.get_config() | {"num_ids": people}
    np.testing.assert_array_equal(loaded.embed(IMAGES), model.embed(IMAGES))


def test_identities_may_differ_and_nothing_else(model, other, tensors, tmp_path):
    classifier = other.network.get_layer("logits")
    before = classifier.get_weights()
    load_weights(other, write(tmp_path / "o.pth", tensors))
    for one, two in zip(before, classifier.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(other.embed(IMAGES), model.embed(IMAGES))


def changed(tensors, **changes):
    return {name: value for name, value in {**tensors, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("conv5.conv.weight", None, "has no tensor conv5.conv.weight"),
        ("conv9.weight", np.zeros(1, np.float32), "conv9.weight, which no OSNet of this kind has"),
        ("conv1.conv.weight", np.zeros((8, 3, 7, 7), np.float32), "7x7x3x8 where .* has 7x7x3x4"),
        ("conv5.bn.bias", np.zeros(7, np.float32), "conv5.bn.bias with shape 7 where .* has 32"),
    ],
)
def test_another_architecture_is_told_by_its_first_difference(
    name, value, sentence, other, tensors, tmp_path
):
    path = write(tmp_path / "o.pth", changed(tensors, **{name: value}))
    before = other.get_weights()
    with pytest.raises(ReIDError, match=sentence):
        load_weights(other, path)
    for one, two in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_another_head_and_no_osnet_at_all(tensors, tmp_path):
    path = write(tmp_path / "o.pth", tensors)
    with pytest.raises(ReIDError, match="head 'osnet' and stripes 1"):
        build_reid_model("small", SIZE, PEOPLE, path, head="osnet")
    for stem in (None, np.float32(1), np.zeros((4, 3, 5, 5), np.float32)):
        wrong = write(tmp_path / "w.pth", changed(tensors, **{"conv1.conv.weight": stem}))
        with pytest.raises(ReIDError, match="holds no OSNet"):
            load_model(wrong)
    with pytest.raises(ReIDError, match="there is no weights file"):
        load_model(tmp_path / "none.pth")
    with pytest.raises(ReIDError, match="leave out the output"):
        load_model(path, output="fc", input_size=SIZE)


def test_saves_loads_and_has_a_gradient(model, tmp_path):
    model.save(tmp_path / "o.keras")
    loaded = load_model(tmp_path / "o.keras")
    np.testing.assert_array_equal(loaded.embed(IMAGES), model.embed(IMAGES))
    np.testing.assert_array_equal(loaded.logits(IMAGES), model.logits(IMAGES))
    check_gradient(loaded)
