"""The encoded servable: the loaders' own decode and resize."""

import io
import struct
import zlib

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


def chunk(kind, content):
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png(width, height, before=b""):
    """Says that it has so many pixels; there are none."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + before + chunk(b"IHDR", header)


BOMBS = {
    "a large PNG": png(20_000, 20_000),
    "one pixel too many": png(10_001, 1),
    "a PNG of 2^62 pixels": png(2**31 - 1, 2**31 - 1),
    "a PNG of negative size": png(2**32 - 1, 2**32 - 1),
    "a PNG without pixels": png(0, 5),
    "a large JPEG": encode(0, (200, 100)).replace(b"\x00\xc8\x00\x64", b"\xea\x60\xea\x60"),
}


@pytest.mark.parametrize("case", BOMBS)
def test_an_image_of_too_many_pixels_is_refused_by_its_header(served_encoded, case):
    with pytest.raises(tf.errors.InvalidArgumentError, match="more than 10000 pixels, or none"):
        served_encoded.run("decode", {"encoded": [encode(0), BOMBS[case]]})


def test_an_image_of_as_many_pixels_as_allowed_is_decoded(served_encoded):
    decoded = served_encoded.run("decode", {"encoded": [encode(0, (100, 100), "PNG")]})
    assert decoded["images"].shape == (1, *SIZE, 3)


OTHERS = {
    "a PNG whose size comes later": png(5, 5, before=chunk(b"aaAa", b"")),
    "the start of a PNG": png(5, 5)[:12],
    "GIF": encode(0, kind="GIF"),
    "BMP": encode(0, kind="BMP"),
    "nothing": b"",
    "zeros": b"\0" * 100,
}


@pytest.mark.parametrize("case", OTHERS)
def test_only_jpeg_and_png_are_decoded(served_encoded, case):
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be JPEG or PNG"):
        served_encoded.run("embed_encoded", {"encoded": [OTHERS[case]]})


def test_a_jpeg_of_endless_scans_is_refused(served_encoded):
    # Between its markers a scan may be empty: each is a walk over all pixels for ten bytes.
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00"
    with pytest.raises(tf.errors.InvalidArgumentError, match="more than 200 scans"):
        served_encoded.run("decode", {"encoded": [encode(0) + scan * 201]})
