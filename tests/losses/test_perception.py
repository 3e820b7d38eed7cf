"""MS-SSIM against the released reference and TensorFlow's, and its gradient where theirs is NaN."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.errors import ReIDError
from keras_reid.losses import ms_ssim, ms_ssim_scales
from keras_reid.losses.perception import ms_ssim_weights

GOLDEN = Path(__file__).parents[1] / "golden" / "losses.npz"


def pictures(size, noise, seed=0):
    """Two smooth images and what noise makes of them."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((2, 5, 4, 3)).astype(np.float32)
    a = tf.image.resize(coarse, size).numpy()
    return a, np.clip(a + rng.normal(0, noise, a.shape), 0, 1).astype(np.float32)


def test_equals_the_released_reference():
    golden = np.load(GOLDEN)
    a, b = (golden[f"msssim_{name}"] / np.float32(255) for name in "ab")
    found = ms_ssim(a, b, filter_size=int(golden["msssim_filter_size"]))
    np.testing.assert_allclose(found, golden["msssim_per_image"], atol=1e-5)


@pytest.mark.parametrize(
    "size,filter_size,scales",
    [((256, 128), 7, 5), ((64, 32), 7, 3), ((55, 31), 7, 3), ((33, 17), 3, 3), ((32, 16), 11, 1)],
)
def test_equals_tensorflow_with_as_many_scales(size, filter_size, scales):
    assert ms_ssim_scales(*size, filter_size=filter_size) == scales
    a, b = pictures(size, 0.05)
    weights = ms_ssim_weights(*size, filter_size=filter_size)
    expected = tf.image.ssim_multiscale(a, b, 1.0, weights, filter_size=filter_size)
    np.testing.assert_allclose(ms_ssim(a, b, filter_size=filter_size), expected, atol=2e-5)


def test_equal_images_are_one_and_noise_lowers_it():
    values = [
        float(tf.reduce_mean(ms_ssim(*pictures((64, 32), noise)))) for noise in (0, 0.05, 0.2)
    ]
    assert values[0] == pytest.approx(1.0, abs=1e-6) and values[0] > values[1] > values[2] > 0


def test_an_image_is_measured_alone():
    a, b = pictures((64, 32), 0.1)
    np.testing.assert_allclose(ms_ssim(a, b)[:1], ms_ssim(a[:1], b[:1]), atol=1e-6)


@pytest.mark.parametrize("case", ["negative of itself", "flat", "equal", "black and white"])
def test_gradient_is_finite_everywhere(case):
    a, _ = pictures((64, 32), 0.0)
    b = {"negative of itself": 1 - a, "flat": np.full_like(a, 0.5), "equal": a.copy(),
         "black and white": (a > 0.5).astype(np.float32)}[case]  # fmt: skip
    b = tf.Variable(b)
    with tf.GradientTape() as tape:
        similarity = ms_ssim(a, b)
    assert np.isfinite(similarity).all() and (similarity.numpy() > 0).all()
    assert np.isfinite(tape.gradient(similarity, b)).all()


def test_half_precision_is_computed_in_float32():
    a, b = pictures((64, 32), 0.05)
    found = ms_ssim(tf.cast(a, tf.float16), tf.cast(b, tf.float16))
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, ms_ssim(a, b), atol=2e-3)


def test_the_weights_of_fewer_scales_sum_to_one():
    assert sum(ms_ssim_weights(64, 32)) == pytest.approx(1.0)
    assert len(ms_ssim_weights(64, 32)) == 3


@pytest.mark.parametrize(
    "a,b,words",
    [
        (np.zeros([1, 6, 40, 3]), np.zeros([1, 6, 40, 3]), "smaller than the 7 pixels"),
        (np.zeros([1, 32, 32, 3]), np.zeros([1, 32, 16, 3]), "two times"),
    ],
)
def test_wrong_images_get_a_sentence(a, b, words):
    with pytest.raises(ReIDError, match=words):
        ms_ssim(a, b)
