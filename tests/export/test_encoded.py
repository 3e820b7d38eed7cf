"""The encoded servable: the loaders' own decode and resize."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_reid.data.images import read_pixels
from tests.export.models import SIZE


def encode(seed, size=(64, 40), kind="JPEG", mode="RGB"):
    noise = np.random.default_rng(seed).integers(0, 256, (8, 5, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).resize(size[::-1]).convert(mode).save(buffer, kind)
    return buffer.getvalue()


def test_decode_gives_the_pixels_that_training_saw(served_encoded, tmp_path):
    files = [encode(0), encode(1, (50, 30), "PNG"), encode(2, mode="L"), encode(3, SIZE, "PNG")]
    decoded = served_encoded.run("decode", {"encoded": files})["images"]
    for index, data in enumerate(files):
        path = tmp_path / f"{index}.img"
        path.write_bytes(data)
        np.testing.assert_array_equal(decoded[index], read_pixels(str(path), SIZE))


def test_embedding_the_bytes_equals_embedding_the_pixels(served, served_encoded):
    files = [encode(seed) for seed in range(3)]
    decoded = served_encoded.run("decode", {"encoded": files})["images"]
    from_bytes = served_encoded.run("embed_encoded", {"encoded": files})["embeddings"]
    from_pixels = served.run("embed", {"images": decoded})["embeddings"]
    np.testing.assert_allclose(from_bytes, from_pixels, atol=1e-5)


@pytest.mark.parametrize(
    "data,words",
    [(b"no image", "Unknown image file format"), (b"\xff\xd8" * 20_000, "longer than 20000 bytes")],
)
def test_bad_bytes_fail_their_own_request(served_encoded, data, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        served_encoded.run("embed_encoded", {"encoded": [data]})


def test_too_many_images_fail_their_own_request(served_encoded):
    with pytest.raises(tf.errors.InvalidArgumentError, match="more than 16 encoded images"):
        served_encoded.run("decode", {"encoded": [encode(0)] * 17})


def test_a_truncated_jpeg_is_refused(served_encoded):
    with pytest.raises(tf.errors.InvalidArgumentError):
        served_encoded.run("decode", {"encoded": [encode(0)[:300]]})
