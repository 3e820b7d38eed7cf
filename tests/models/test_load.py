"""Whatever the model is: opened, checked, scaled, and its gradient looked at."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_reid.errors import ReIDError
from keras_reid.models import build_reid_model, check_gradient, fingerprint, load_model

SIZE = (32, 16)
GREY = np.full((2, *SIZE, 3), 0.5, np.float32)


def rows_mean(images):
    """A function as a model: [N, H, W, 3] -> [N, 3]."""
    return tf.reduce_mean(tf.convert_to_tensor(images), axis=[1, 2])


def rounded(images):
    return tf.round(rows_mean(images) * 255)


def with_nan_gradient(images):
    return tf.sqrt(tf.nn.relu(rows_mean(images) - 2.0))


def not_an_embedding(images):
    return images


def broken(images):
    raise RuntimeError("no such weights\nsecond line")


NOT_CALLABLE = 3


def functional(outputs=1, dtype="float32", size=SIZE):
    images = keras.Input((*size, 3), dtype=dtype, name="crops")
    x = keras.layers.Rescaling(1.0)(images)
    pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(x)
    ends = [keras.layers.Dense(4 + i, name=f"end{i}")(pooled) for i in range(outputs)]
    return keras.Model(images, ends if outputs > 1 else ends[0])


def saved_model(path, function, shape=(None, *SIZE, 3), dtype=tf.float32, **more):
    module = tf.Module()
    module.weight = tf.Variable(tf.range(12, dtype=tf.float32)[:, None] * tf.ones((1, 3)))
    spec = tf.TensorSpec(shape, dtype, name="images")
    module.function = tf.function(lambda images: function(module, images), input_signature=[spec])
    signatures = {"serving_default": module.function.get_concrete_function(), **more}
    tf.saved_model.save(module, str(path), signatures=signatures)
    return str(path)


def weighted(module, images):
    return {"embeddings": tf.reduce_mean(tf.cast(images, tf.float32), [1, 2]) @ module.weight[:3]}


class TestOurs:
    def test_keras_file(self, tmp_path):
        model = build_reid_model("small", SIZE, 5)
        model.save(tmp_path / "a.keras")
        loaded = load_model(tmp_path / "a.keras")
        assert (loaded.kind, loaded.input_size, loaded.embedding_size) == ("keras", SIZE, 80)
        np.testing.assert_array_equal(loaded.embed(GREY), model.embed(GREY))
        np.testing.assert_array_equal(loaded.logits(GREY), model.logits(GREY))
        assert loaded.fingerprint == fingerprint(model.get_weights())
        check_gradient(loaded)

    def test_workdir_carries_what_it_was_trained_with(self, tmp_path):
        build_reid_model("small", SIZE).save(tmp_path / "model.keras")
        (tmp_path / "config.json").write_text(json.dumps({"data_fingerprint": "abc"}))
        loaded = load_model(str(tmp_path))
        assert loaded.kind == "workdir" and loaded.logits is None
        assert loaded.config == {"data_fingerprint": "abc"} and loaded.data_fingerprint == "abc"

    def test_workdir_before_its_first_epoch(self, tmp_path):
        (tmp_path / "config.json").write_text("{}")
        with pytest.raises(ReIDError, match="has not finished an epoch"):
            load_model(str(tmp_path))

    def test_export(self, tmp_path):
        module = tf.Module()
        module.weight = tf.Variable(tf.ones((3, 4)))
        module.embed_images = tf.function(
            lambda images: tf.reduce_mean(images, [1, 2]) @ module.weight,
            input_signature=[tf.TensorSpec([None, *SIZE, 3], tf.float32)],
        )
        tf.saved_model.save(module, str(tmp_path / "1"))
        loaded = load_model(str(tmp_path / "1"))
        assert (loaded.kind, loaded.input_size, loaded.embedding_size) == ("saved_model", SIZE, 4)
        assert loaded.origin is None and loaded.identity == loaded.fingerprint
        check_gradient(loaded)
        tf.saved_model.save(module, str(tmp_path / "9"))
        tf.saved_model.save(module, str(tmp_path / "10"))
        with pytest.raises(ReIDError, match=r"several versions; give one of them: .*/10"):
            load_model(str(tmp_path))

    def test_size_and_pixels_are_the_models_own(self, tmp_path):
        build_reid_model("small", SIZE).save(tmp_path / "a.keras")
        with pytest.raises(ReIDError, match="takes images of 32x16 .* not 64x32"):
            load_model(tmp_path / "a.keras", input_size=(64, 32))
        with pytest.raises(ReIDError, match="takes pixels in 0,1"):
            load_model(tmp_path / "a.keras", pixel_range="0,255")


class TestForeignKeras:
    def test_pixels_are_scaled_on_the_way(self, tmp_path):
        model = functional()
        model.save(tmp_path / "f.keras")
        loaded = load_model(tmp_path / "f.keras", pixel_range="0,255")
        np.testing.assert_allclose(loaded.embed(GREY), model(GREY * 255), rtol=1e-5)
        loaded = load_model(tmp_path / "f.keras", pixel_range="-1,1")
        np.testing.assert_allclose(loaded.embed(GREY), model(GREY * 0), atol=1e-6)
        check_gradient(loaded)

    def test_of_several_outputs_one_must_be_named(self, tmp_path):
        functional(outputs=2).save(tmp_path / "f.keras")
        with pytest.raises(
            ReIDError, match="has 2 outputs; name the embedding: --output_head=end0"
        ):
            load_model(tmp_path / "f.keras")
        assert load_model(tmp_path / "f.keras", output="end1").embedding_size == 5
        assert load_model(tmp_path / "f.keras", output="pooled").embedding_size == 3
        with pytest.raises(ReIDError, match="no output or layer 'x'"):
            load_model(tmp_path / "f.keras", output="x")

    def test_free_size_must_be_told(self, tmp_path):
        functional(size=(None, None)).save(tmp_path / "f.keras")
        with pytest.raises(ReIDError, match="images of any size"):
            load_model(tmp_path / "f.keras")
        assert load_model(tmp_path / "f.keras", input_size=SIZE).input_size == SIZE

    def test_maps_are_no_embeddings(self, tmp_path):
        images = keras.Input((*SIZE, 3))
        keras.Model(images, keras.layers.Conv2D(2, 3)(images)).save(tmp_path / "f.keras")
        with pytest.raises(ReIDError, match=r"returns shape \(2, 30, 14, 2\)"):
            load_model(tmp_path / "f.keras")

    def test_damaged_file(self, tmp_path):
        (tmp_path / "f.keras").write_bytes(b"zip?")
        with pytest.raises(ReIDError, match="cannot be loaded as a Keras model"):
            load_model(tmp_path / "f.keras")


class TestForeignSavedModel:
    def test_default_signature(self, tmp_path):
        loaded = load_model(saved_model(tmp_path / "s", weighted), pixel_range="0,255")
        assert loaded.input_size == SIZE and loaded.embedding_size == 3
        # Grey 127.5 in each colour times the columns 0 + 1 + 2.
        np.testing.assert_allclose(loaded.embed(GREY), np.full((2, 3), 127.5 * 3), rtol=1e-5)
        check_gradient(loaded)

    def test_uint8_signature_embeds_but_has_no_gradient(self, tmp_path):
        path = saved_model(tmp_path / "s", weighted, dtype=tf.uint8)
        loaded = load_model(path, pixel_range="0,255")
        np.testing.assert_allclose(loaded.embed(GREY), np.full((2, 3), 128 * 3), rtol=1e-5)
        with pytest.raises(ReIDError, match="no gradient with respect to its images"):
            check_gradient(loaded)

    def test_unknown_signature_and_output(self, tmp_path):
        path = saved_model(tmp_path / "s", weighted)
        with pytest.raises(ReIDError, match="no signature 'x'; it has: serving_default"):
            load_model(path, signature="x")
        with pytest.raises(ReIDError, match="no output 'x'; it has: embeddings"):
            load_model(path, output="x")

    def test_several_outputs(self, tmp_path):
        def two(module, images):
            embeddings = weighted(module, images)["embeddings"]
            return {"a": embeddings, "b": embeddings[:, :2]}

        path = saved_model(tmp_path / "s", two)
        with pytest.raises(ReIDError, match="has 2 outputs"):
            load_model(path)
        assert load_model(path, output="b").embedding_size == 2

    def test_fixed_batch_is_told(self, tmp_path):
        path = saved_model(tmp_path / "s", weighted, shape=(1, *SIZE, 3))
        with pytest.raises(ReIDError, match="takes batches of exactly 1"):
            load_model(path)

    def test_damaged(self, tmp_path):
        (tmp_path / "s").mkdir()
        (tmp_path / "s" / "saved_model.pb").write_bytes(b"\xff\xff broken")
        with pytest.raises(ReIDError, match="cannot be loaded as a SavedModel"):
            load_model(str(tmp_path / "s"))


class TestFunction:
    def test_is_the_embedder_itself(self):
        loaded = load_model(f"{__name__}:rows_mean", input_size=SIZE)
        assert loaded.kind == "function" and loaded.embedding_size == 3 and loaded.logits is None
        check_gradient(loaded)

    @pytest.mark.parametrize(
        ("name", "sentence"),
        [
            ("missing", "has no function 'missing'"),
            ("NOT_CALLABLE", "has no function 'NOT_CALLABLE'"),
            ("not_an_embedding", "returns shape"),
            ("broken", r"fails on a batch of two 32x16 images \(no such weights\)"),
        ],
    )
    def test_unusable_ones(self, name, sentence):
        with pytest.raises(ReIDError, match=sentence):
            load_model(f"{__name__}:{name}", input_size=SIZE)

    def test_needs_its_size_and_an_importable_module(self):
        with pytest.raises(ReIDError, match="images of any size"):
            load_model(f"{__name__}:rows_mean")
        with pytest.raises(ReIDError, match="cannot import no.such"):
            load_model("no.such:thing", input_size=SIZE)

    @pytest.mark.parametrize(
        ("name", "sentence"),
        [
            ("rounded", "gradient"),
            ("with_nan_gradient", "gradient"),
        ],
    )
    def test_useless_gradients(self, name, sentence):
        with pytest.raises(ReIDError, match=sentence):
            check_gradient(load_model(f"{__name__}:{name}", input_size=SIZE))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("nowhere", "no model at nowhere"),
        ("nowhere.keras", "there is no model file"),
        (".", "is no workdir"),
    ],
)
def test_nothing_there(source, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ReIDError, match=sentence):
        load_model(source)
    with pytest.raises(ReIDError, match="pixel range '0,2' is unknown"):
        load_model(source, pixel_range="0,2")


def test_a_default_size_is_for_models_that_take_any(tmp_path):
    function = f"{__name__}:rows_mean"
    assert load_model(function, default_size=(8, 4)).input_size == (8, 4)
    assert load_model(function, input_size=SIZE, default_size=(8, 4)).input_size == SIZE
    build_reid_model("small", SIZE, 3, embedding_size=4).save(tmp_path / "m.keras")
    assert load_model(tmp_path / "m.keras", default_size=(8, 4)).input_size == SIZE
