"""Generator and discriminator: shapes, spectral norms, and what inference leaves alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_reid import compat
from keras_reid.errors import ReIDError
from keras_reid.misrank.discriminator import build_mask_head, build_trunks
from keras_reid.misrank.gan_losses import scored, towards
from keras_reid.misrank.generator import build_generator
from keras_reid.misrank.model import MisrankModel, pairs
from keras_reid.misrank.spectral_norm import SpectralConv2D
from tests.misrank.models import PIXELS, SIZE, images, make_model


def state(model):
    return {name: value.numpy().copy() for name, value in compat.named_variables(model).items()}


class TestSpectralNorm:
    def layer(self):
        keras.utils.set_random_seed(0)
        layer = SpectralConv2D(5, 3, 2)
        layer.build((None, 8, 8, 4))
        return layer

    def test_training_brings_the_norm_to_one(self):
        layer = self.layer()
        for _ in range(150):
            layer(tf.zeros([1, 8, 8, 4]), training=True)
        matrix = tf.reshape(layer.normalised(), [-1, 5])
        assert np.linalg.norm(matrix, 2) == pytest.approx(1.0, rel=1e-2)

    def test_inference_changes_nothing_and_training_moves_u(self):
        layer, batch = self.layer(), tf.ones([2, 8, 8, 4])
        before = np.array(layer.u)
        tf.function(lambda: layer(batch, training=False))()
        np.testing.assert_array_equal(layer.u, before)
        tf.function(lambda: layer(batch, training=True))()
        assert np.abs(np.array(layer.u) - before).max() > 1e-3
        assert len(layer.trainable_variables) == 2 and len(layer.non_trainable_variables) == 1

    def test_the_gradient_knows_of_the_division(self):
        # The output does not change with the kernel's length: the gradient is orthogonal to it.
        layer = self.layer()
        for _ in range(150):
            layer(tf.zeros([1, 8, 8, 4]), training=True)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(
                layer.normalised() * tf.random.stateless_normal([3, 3, 4, 5], [1, 2])
            )
        gradient = tf.convert_to_tensor(tape.gradient(loss, layer.kernel))
        along = tf.reduce_sum(gradient * tf.convert_to_tensor(layer.kernel))
        assert abs(float(along)) < 1e-3 * float(tf.norm(gradient) * tf.norm(layer.kernel))

    @pytest.mark.parametrize("strides,padding", [(1, "same"), (2, "same"), (2, "valid")])
    def test_the_told_shape_is_the_real_one(self, strides, padding):
        layer = SpectralConv2D(5, 4, strides, padding)
        shape = layer.compute_output_shape((2, 13, 9, 4))
        assert tuple(layer(tf.zeros([2, 13, 9, 4])).shape) == tuple(shape)


class TestGenerator:
    @pytest.mark.parametrize("norm,blocks", [("batch", 6), ("instance", 9)])
    def test_begins_with_noise_around_zero(self, norm, blocks):
        keras.utils.set_random_seed(0)
        model = build_generator(SIZE, filters=4, blocks=blocks, norm=norm)
        raw = model(images(4), training=True).numpy()
        assert raw.shape == (4, *SIZE, 3) and raw.dtype == np.float32
        assert abs(np.tanh(raw).mean()) < 0.1 and 0 < np.abs(raw).max() < 2
        convolutions = [x for x in model.layers if isinstance(x, SpectralConv2D)]
        assert len(convolutions) == 5 + 2 * blocks
        plain = [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]
        assert [x.name for x in plain] == ["last"]

    @pytest.mark.parametrize("size", [(18, 12), (16, 8)])
    def test_odd_sizes_get_a_sentence(self, size):
        with pytest.raises(ReIDError, match="multiples of 4"):
            build_generator(size)

    def test_unknown_parts_get_a_sentence(self):
        with pytest.raises(ReIDError, match="normalisation 'layer'"):
            build_generator(SIZE, norm="layer")
        with pytest.raises(ReIDError, match="precision"):
            build_generator(SIZE, precision="float64")
        with pytest.raises(ReIDError, match="0 blocks"):
            build_generator(SIZE, blocks=0)


class TestDiscriminator:
    @pytest.mark.parametrize("scales,size", [(3, (64, 32)), (1, (64, 32)), (3, (20, 12))])
    def test_shapes_of_scores_and_mask(self, scales, size):
        trunks = build_trunks(size, scales=scales, filters=4)
        head = build_mask_head(trunks, filters=4)
        outputs = trunks(tf.zeros([2, *size, 6]))
        assert len(scored(outputs)) == scales
        (coarsest,) = scored(outputs, "smallest")
        assert coarsest.shape == outputs[f"score{scales - 1}"].shape
        for scale, score in enumerate(scored(outputs)):
            # Three halvings of a picture that was halved `scale` times.
            sides = [-(-side // 2 ** (3 + scale)) for side in size]
            assert tuple(score.shape) == (2, *sides, 1) and score.dtype == tf.float32
        features = {key: outputs[key] for key in head.input}
        assert tuple(head(features).shape) == (2, size[0] * size[1])

    @pytest.mark.parametrize("gan,real,fake", [("log", 0.3133, 1.3133), ("least_squares", 0, 1)])
    def test_gan_losses_of_a_score_of_one(self, gan, real, fake):
        scores = [tf.ones([2, 3, 1, 1])]
        np.testing.assert_allclose(towards(scores, True, gan), [real] * 2, atol=1e-4)
        np.testing.assert_allclose(towards(scores * 2, False, gan), [2 * fake] * 2, atol=1e-4)

    def test_extreme_scores_stay_finite(self):
        score = tf.Variable(tf.constant([-1e4, 1e4], shape=[2, 1, 1, 1]))
        with tf.GradientTape() as tape:
            loss = towards([score], True, "log") + towards([score], False, "log")
        assert np.isfinite(loss).all() and np.isfinite(tape.gradient(loss, score)).all()


class TestModel:
    def test_inference_leaves_every_variable_alone(self):
        model = make_model()
        before = state(model)
        model(images())
        for name, value in state(model).items():
            np.testing.assert_array_equal(value, before[name], err_msg=name)

    def test_saved_and_loaded_it_attacks_the_same(self, tmp_path):
        model = make_model(num_pixels=50, tau=0.3)
        for _ in range(3):
            model.perturbed(images(), 0.1, 0, training=True)
        model.log_tau.assign(-2.0)
        model.save(str(tmp_path / "model.keras"))
        loaded = keras.models.load_model(str(tmp_path / "model.keras"), compile=False)
        np.testing.assert_array_equal(loaded(images()), model(images()))
        assert float(tf.convert_to_tensor(loaded.log_tau)) == -2.0
        assert loaded.num_pixels == 50 and loaded.get_config() == model.get_config()

    def test_half_precision_gives_float32_pixels_near_those_of_float32(self):
        half = make_model(precision="mixed_bfloat16")
        full = MisrankModel.from_config(half.get_config())
        full.set_weights(half.get_weights())
        noise = [np.array(model.perturbed(images(), 0.1, 0)[2]) for model in (half, full)]
        assert noise[0].dtype == np.float32
        assert 0 < np.abs(noise[0] - noise[1]).max() < 0.01
        assert half.mask_logits(images(), noise[0]).dtype == tf.float32

    def test_the_mask_head_sees_the_pair(self):
        model = make_model()
        one, other = (
            model.mask_logits(images(), noise * tf.ones([6, *SIZE, 3])) for noise in (0.0, 0.3)
        )
        assert one.shape == (6, PIXELS) and np.abs(one - other).max() > 1e-5
        assert pairs(images(), images()).shape == (6, *SIZE, 6)

    def test_unknown_settings_get_a_sentence(self):
        for settings, words in [
            ({"discriminator": "vit"}, "multi_stage, patch"), ({"mask": "half"}, "learnt, none"),
            ({"tau": 0.0}, "tau is 0.0"),
        ]:  # fmt: skip
            with pytest.raises(ReIDError, match=words):
                make_model(**settings)
