"""What an encoded image says of its size, read in the graph before anything is decoded.

A PNG of one colour holds a thousand pixels in a byte, so a ceiling of bytes alone lets a request of
a megabyte take gigabytes. In the graph the refusal protects whichever server runs it.
"""

import tensorflow as tf

JPEG = b"\xff\xd8\xff"
PNG = b"\x89PNG\r\n\x1a\n"
SCAN = b"\xff\xda"  # the marker that starts a scan of a JPEG
# A progressive JPEG has about ten; every one is a walk over all pixels that costs a few bytes.
MAX_SCANS = 200
HEADER = 24  # bytes of a PNG up to its height


def refuse_large(encoded, max_pixels):
    """Scalar string -> the same string, which is JPEG or PNG and small enough to decode.

    A run fails with InvalidArgument for other bytes and for more than `max_pixels` pixels.
    """
    start = tf.strings.join([tf.strings.substr(encoded, 0, HEADER), b"\0" * HEADER])
    is_jpeg = tf.equal(tf.strings.substr(start, 0, len(JPEG)), JPEG)
    # The decoder would skip a chunk that it does not know before IHDR; then the size is elsewhere.
    is_png = tf.equal(tf.strings.substr(start, 0, len(PNG)), PNG) & tf.equal(
        tf.strings.substr(start, 12, 4), b"IHDR"
    )
    known = tf.debugging.Assert(
        is_jpeg | is_png, ["Unknown image file format; an encoded image must be JPEG or PNG"]
    )
    with tf.control_dependencies([known]):
        size = tf.cond(
            is_jpeg,
            lambda: tf.image.extract_jpeg_shape(encoded, tf.int64)[:2],
            lambda: _png_size(start),
        )
        scans = tf.cond(is_jpeg, lambda: _count(encoded, SCAN), lambda: 0)
    small = tf.reduce_all(size > 0) & (tf.reduce_prod(size) <= max_pixels)
    with tf.control_dependencies(
        [
            tf.debugging.Assert(
                small,
                [f"an encoded image has more than {max_pixels} pixels, or none; resize it", size],
            ),
            tf.debugging.Assert(
                scans <= MAX_SCANS, [f"a JPEG image has more than {MAX_SCANS} scans", scans]
            ),
        ]
    ):
        return tf.identity(encoded)


def _png_size(start):
    """[width, height]; sizes beyond 31 bits, which PNG forbids, come out negative."""
    size = tf.io.decode_raw(tf.strings.substr(start, 16, 8), tf.int32, little_endian=False)
    return tf.cast(size, tf.int64)


def _count(encoded, marker):
    return tf.size(tf.strings.split(encoded, marker)) - 1
