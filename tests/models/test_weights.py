"""Weights from files: a published backbone's, ours, and files that do not fit."""

import keras
import numpy as np
import pytest

from keras_reid.errors import ReIDError
from keras_reid.models import build_reid_model, fingerprint, load_weights

SIZE = (32, 32)


@pytest.fixture(scope="module")
def backbone_file(tmp_path_factory):
    """A file as keras.applications publishes: MobileNetV2, alpha 0.35, without top."""
    network = keras.applications.MobileNetV2(
        alpha=0.35, include_top=False, weights=None, input_shape=(64, 64, 3)
    )
    path = tmp_path_factory.mktemp("weights") / "mobilenet_notop.h5"
    network.save(str(path))
    return str(path), network.get_weights()


def test_backbone_file_fills_the_backbone_at_any_input_size(backbone_file):
    path, weights = backbone_file
    model = build_reid_model("mobilenetv2", SIZE, 4, path, alpha=0.35)
    loaded = model.network.get_layer(index=2).get_weights()
    assert fingerprint(loaded) == fingerprint(weights)


def test_backbone_file_of_another_width_is_refused(backbone_file):
    with pytest.raises(ReIDError, match="does not hold the weights of mobilenetv2 with alpha=1.0"):
        build_reid_model("mobilenetv2", SIZE, 4, backbone_file[0])


@pytest.mark.parametrize("name", ["backbone.h5", "model.keras", "model.weights.h5"])
class TestEveryKindOfFile:
    def test_missing(self, name, tmp_path):
        with pytest.raises(ReIDError, match="there is no weights file"):
            build_reid_model("small", SIZE, 4, str(tmp_path / name))

    def test_damaged(self, name, tmp_path):
        (tmp_path / name).write_bytes(b"not weights at all" * 100)
        with pytest.raises(ReIDError, match=name):
            build_reid_model("small", SIZE, 4, str(tmp_path / name))

    def test_truncated(self, name, tmp_path):
        path = tmp_path / name
        model = build_reid_model("small", SIZE, 4)
        if name.endswith(".weights.h5"):
            model.save_weights(str(path))
        else:
            (model if name.endswith(".keras") else model.network).save(str(path))
        path.write_bytes(path.read_bytes()[:20_000])
        with pytest.raises(ReIDError, match=name):
            build_reid_model("small", SIZE, 4, str(path))


@pytest.mark.parametrize("ending", [".keras", ".weights.h5"])
def test_another_architecture_is_refused(ending, tmp_path):
    path = str(tmp_path / f"model{ending}")
    model = build_reid_model("small", SIZE, 4, head="triplet", embedding_size=8)
    model.save(path) if ending == ".keras" else model.save_weights(path)
    with pytest.raises(ReIDError, match="architecture"):
        build_reid_model("small", SIZE, 4, path)


def test_other_identities_keep_their_own_classifier(tmp_path):
    path = str(tmp_path / "model.keras")
    source = build_reid_model("small", SIZE, 4)
    source.save(path)
    model = build_reid_model("small", SIZE, 9)
    load_weights(model, path)
    images = np.full((1, *SIZE, 3), 0.3, np.float32)
    np.testing.assert_array_equal(model.embed(images), source.embed(images))
    assert model.logits(images).shape == (1, 9)


def test_imagenet_without_a_network_is_one_sentence(monkeypatch):
    def offline(*args, **options):
        raise Exception("URL fetch failure on https://somewhere: None -- unreachable\nmore")

    from keras_reid.models import backbones

    row = backbones.BACKBONES["resnet50"]
    monkeypatch.setitem(
        backbones.BACKBONES, "resnet50", backbones.dataclasses.replace(row, make=offline)
    )
    with pytest.raises(ReIDError, match="neither cached nor downloadable") as caught:
        build_reid_model("resnet50", (64, 32), weights="imagenet")
    assert "\n" not in str(caught.value)


def test_fingerprint_sees_values_and_shapes():
    a = [np.arange(6, dtype=np.float32)]
    assert fingerprint(a) == fingerprint([a[0].copy()])
    assert len({fingerprint(a), fingerprint([a[0] + 1]), fingerprint([a[0].reshape(2, 3)])}) == 3
