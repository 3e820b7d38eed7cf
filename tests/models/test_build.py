"""Every backbone and head: shapes, inference mode, saving and loading."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_reid import compat
from keras_reid.errors import ReIDError
from keras_reid.models import BACKBONES, HEADS, build_reid_model, fingerprint
from keras_reid.models.backbones import make_backbone

SIZE = (32, 16)
WHOLE = [head for head in HEADS if head not in ("pcb", "aligned")]  # those: test_parts.py


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((3, *SIZE, 3), np.float32)


@pytest.mark.parametrize("head", WHOLE)
class TestEveryHead:
    def test_embeds_alone_as_in_a_batch(self, head, images):
        model = build_reid_model("small", SIZE, 5, head=head, embedding_size=24)
        together = model.embed(images).numpy()
        alone = np.concatenate([model.embed(images[i : i + 1]) for i in range(3)])
        assert together.shape == (3, 24) and together.dtype == np.float32
        np.testing.assert_allclose(alone, together, atol=1e-5)
        assert model.logits(images).shape == (3, 5)

    def test_network_gives_training_what_the_losses_read(self, head, images):
        model = build_reid_model("small", SIZE, 5, head=head)
        outputs = model.network(images, training=True)
        assert set(outputs) == {"feature", "embedding", "logits"}
        same = np.allclose(outputs["feature"], outputs["embedding"])
        # Only the strong baseline's triplet loss reads the feature before the BN neck.
        assert same == (head != "strong")

    @pytest.mark.parametrize("ending", [".keras", ".weights.h5"])
    def test_saves_and_loads(self, head, ending, images, tmp_path):
        path = str(tmp_path / f"model{ending}")
        model = build_reid_model("small", SIZE, 5, head=head, embedding_size=8, last_stride=1)
        model.set_weights(
            [w + 0.01 * np.arange(w.size).reshape(w.shape) % 1 for w in model.get_weights()]
        )
        if ending == ".keras":
            model.save(path)
            again = keras.models.load_model(path)
        else:
            model.save_weights(path)
            again = build_reid_model(
                "small", SIZE, 5, path, head=head, embedding_size=8, last_stride=1
            )
        np.testing.assert_array_equal(again.embed(images), model.embed(images))
        np.testing.assert_array_equal(again.logits(images), model.logits(images))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "width"), [("resnet50", 2048), ("densenet121", 1024), ("mobilenetv2", 1280)]
)
def test_published_backbones_embed_and_have_gradients(name, width):
    images = tf.random.stateless_uniform((2, 64, 32, 3), (0, 0))
    model = build_reid_model(name, (64, 32))
    with tf.GradientTape() as tape:
        tape.watch(images)
        embeddings = model.embed(images)
        score = tf.reduce_sum(embeddings**2)
    assert embeddings.shape == (2, width)
    assert np.abs(tape.gradient(score, images)).max() > 0


def test_table_of_backbones_is_tested():
    assert set(BACKBONES) == {"resnet50", "densenet121", "mobilenetv2", "osnet", "small"}


@pytest.mark.parametrize(
    ("name", "preprocess"),
    [
        ("resnet50", keras.applications.resnet50.preprocess_input),
        ("densenet121", keras.applications.densenet.preprocess_input),
        ("mobilenetv2", keras.applications.mobilenet_v2.preprocess_input),
    ],
)
def test_normalisation_is_what_the_published_weights_expect(name, preprocess):
    from keras_reid.models.embedder import Normalise

    pixels = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3)).astype(np.float32)
    ours = Normalise(**BACKBONES[name].normalisation)(pixels / 255).numpy()
    np.testing.assert_allclose(ours, preprocess(pixels.copy()), rtol=1e-4, atol=1e-4)


def test_last_stride_doubles_the_last_map_and_keeps_the_weights():
    from keras_reid.models.backbones import make_backbone

    two = make_backbone("resnet50", (64, 32))
    keras.utils.set_random_seed(1)
    one = make_backbone("resnet50", (64, 32), last_stride=1)
    assert two.output.shape[1:3] == (2, 1) and one.output.shape[1:3] == (4, 2)
    keras.utils.set_random_seed(1)
    unchanged = make_backbone("resnet50", (64, 32))
    assert fingerprint(one.get_weights()) == fingerprint(unchanged.get_weights())


def test_mixed_precision_keeps_variables_and_embeddings_in_float32(images, tmp_path):
    model = build_reid_model("small", SIZE, 5, precision="mixed_bfloat16")
    full = build_reid_model("small", SIZE, 5)
    full.set_weights(model.get_weights())
    assert model.embed(images).dtype == tf.float32
    assert all(weight.dtype == np.float32 for weight in model.get_weights())
    difference = np.abs(model.embed(images) - full.embed(images)).max()
    assert 0 < difference < 0.1
    assert compat.global_policy().name == "float32"
    # What is saved is attacked in float32: half precision would underflow to a zero gradient.
    model.save(tmp_path / "half.keras")
    loaded = keras.models.load_model(tmp_path / "half.keras")
    np.testing.assert_array_equal(loaded.embed(images), full.embed(images))


def test_small_backbone_fits_a_cpu():
    parameters = build_reid_model("small", (64, 32)).count_params()
    assert 100_000 < parameters < 300_000


def test_stripes_know_head_from_feet(images):
    # The small backbone's map of a 32x16 image is 2x1, so two stripes are its two cells.
    model = build_reid_model("small", SIZE, head="strong", stripes=2)
    halves = model.network(images)["feature"].numpy().reshape(3, 2, 80)
    whole = build_reid_model("small", SIZE, head="strong")
    whole.network.get_layer("small").set_weights(model.network.get_layer("small").get_weights())
    np.testing.assert_allclose(halves.mean(1), whole.network(images)["feature"], atol=1e-5)
    with pytest.raises(ReIDError, match="2 high and has no 3 equal stripes"):
        build_reid_model("small", SIZE, stripes=3)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (dict(name="resnet51"), "no backbone is called 'resnet51'"),
        (dict(name="resnet50", input_size=(32, 16)), "at least 32 pixels"),
        (dict(name="small", head="linear"), "no head is called"),
        (dict(name="small", num_ids=1), "at least two identities"),
        (dict(name="small", embedding_size=0), "embedding_size must be positive"),
        (dict(name="densenet121", last_stride=1, input_size=(64, 32)), "has no last_stride=1"),
        (dict(name="resnet50", alpha=0.5, input_size=(64, 32)), "has no alpha"),
        (dict(name="small", precision="half"), "precision 'half' is unknown"),
        (dict(name="small", weights="imagenet"), "no ImageNet weights"),
    ],
)
def test_bad_settings_are_refused_in_a_sentence(arguments, sentence):
    with pytest.raises(ReIDError, match=sentence):
        build_reid_model(**{"input_size": SIZE, **arguments})


def test_uint8_images_are_refused():
    model = build_reid_model("small", SIZE)
    with pytest.raises(ReIDError, match="uint8"):
        model.embed(np.zeros((1, *SIZE, 3), np.uint8))
    with pytest.raises(ReIDError, match="num_ids"):
        model.logits(np.zeros((1, *SIZE, 3), np.float32))


def test_statistics_of_batches_keep_up_with_a_short_run():
    network = make_backbone("mobilenetv2", (64, 32), alpha=0.35)
    norms = [each for each in network.layers if isinstance(each, keras.layers.BatchNormalization)]
    assert norms and all(each.momentum <= 0.99 for each in norms)
    again = type(norms[0]).from_config(norms[0].get_config())
    assert again.momentum == norms[0].momentum  # a saved model goes on like this
