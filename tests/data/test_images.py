import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_reid.data.images import decode_and_resize, to_images, to_pixels
from tests.data import trees


def as_png(array):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


def as_jpeg(array):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def test_an_image_of_the_input_size_passes_unchanged():
    pixels = trees.pixels(0, 24, 12)
    np.testing.assert_array_equal(decode_and_resize(as_png(pixels), (24, 12)), pixels)


def triangle_weights(source, target):
    """[target, source]: the antialiased bilinear filter, widened by the scale when shrinking."""
    scale = source / target
    width = max(scale, 1.0)
    centres = (np.arange(target) + 0.5) * scale
    distance = np.abs(np.arange(source) + 0.5 - centres[:, None]) / width
    weights = np.maximum(0.0, 1.0 - distance)
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("size", [(7, 5), (24, 12), (48, 30), (10, 30)])
def test_resizing_is_antialiased_bilinear_and_rounded(size):
    pixels = trees.pixels(1, 24, 12)
    rows, columns = triangle_weights(24, size[0]), triangle_weights(12, size[1])
    expected = np.einsum("ah,hwc,bw->abc", rows, pixels.astype(np.float64), columns)
    result = decode_and_resize(as_png(pixels), size).numpy()
    # Rounded to the nearest; a float32 sum next to one half may fall on either side.
    assert np.abs(result - expected).max() < 0.5 + 1e-3


@pytest.mark.parametrize("encode", [as_png, as_jpeg])
def test_grey_becomes_three_equal_channels(encode):
    pixels = decode_and_resize(encode(trees.pixels(2, 16, 8)[..., 0]), (16, 8)).numpy()
    assert pixels.shape == (16, 8, 3)
    assert (pixels == pixels[..., :1]).all()


def test_alpha_is_dropped():
    pixels = trees.pixels(3, 16, 8)
    with_alpha = np.dstack([pixels, np.full((16, 8), 7, np.uint8)])
    np.testing.assert_array_equal(decode_and_resize(as_png(with_alpha), (16, 8)), pixels)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_truncated_files_are_refused_wherever_they_end(kind):
    encoded = trees.encoded(4, kind, height=64, width=32)
    for length in [0, 1, 10, len(encoded) // 2, len(encoded) - 30, len(encoded) - 1]:
        with pytest.raises(tf.errors.InvalidArgumentError):
            decode_and_resize(encoded[:length], (16, 8))


def test_the_same_pixels_in_a_session_graph_on_scalars_and_mapped():
    files = [trees.encoded(5), trees.encoded(6, "PNG"), trees.encoded(7, height=40, width=33)]
    expected = [decode_and_resize(file, (16, 8)).numpy() for file in files]
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        one = tf.compat.v1.placeholder(tf.string, [])
        many = tf.compat.v1.placeholder(tf.string, [None])
        single = decode_and_resize(one, (16, 8))
        mapped = tf.map_fn(
            lambda e: decode_and_resize(e, (16, 8)), many, fn_output_signature="uint8"
        )
        assert single.shape == (16, 8, 3)
        for file, pixels in zip(files, expected, strict=True):
            np.testing.assert_array_equal(session.run(single, {one: file}), pixels)
        np.testing.assert_array_equal(session.run(mapped, {many: files}), expected)


def test_pixels_survive_the_round_trip():
    pixels = np.arange(256, dtype=np.uint8)
    images = to_images(pixels)
    assert images.dtype == tf.float32
    assert images[0] == 0 and images[-1] == 1
    np.testing.assert_array_equal(to_pixels(images), pixels)


def test_images_are_rounded_and_clipped():
    images = np.array([-0.5, 0.4 / 255, 0.6 / 255, 1.5], np.float32)
    assert to_pixels(images).numpy().tolist() == [0, 0, 1, 255]
