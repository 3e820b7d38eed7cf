"""Which image files can be used: the one decoder, and looking through files with it."""

import concurrent.futures
import contextlib
import hashlib
import os
from typing import NamedTuple

import tensorflow as tf

from keras_reid.errors import ReIDError


def decode(encoded):
    """Encoded JPEG or PNG -> uint8 [height, width, 3] of its own size.

    Grey becomes three equal channels, alpha is dropped. A truncated file is an error.
    """
    image = tf.io.decode_image(encoded, channels=3, dtype=tf.uint8, expand_animations=False)
    image.set_shape([None, None, 3])
    return image


class Inspection(NamedTuple):
    """What an image file holds; `problem` says why it can't be used, else it is None."""

    digest: str | None
    height: int
    width: int
    problem: str | None


def inspect(path):
    """Reads and decodes one file, with the decoder that training and evaluation use."""
    try:
        with open(path, "rb") as file:
            encoded = file.read()
    except OSError as error:
        return Inspection(None, 0, 0, error.strerror.lower())
    digest = hashlib.blake2b(encoded, digest_size=16).hexdigest()
    try:
        with tf.device("/cpu:0"):
            height, width, _ = decode(encoded).shape
    except tf.errors.InvalidArgumentError:
        return Inspection(digest, 0, 0, "truncated, damaged or neither JPEG nor PNG")
    return Inspection(digest, height, width, None)


def inspect_all(records, progress=None):
    """[Inspection] of every record in order, on all cores.

    Args:
      records: Records.
      progress: called with (done, total) after each.
    """
    inspections = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for inspection in pool.map(inspect, [record.path for record in records]):
            inspections.append(inspection)
            if progress:
                progress(len(inspections), len(records))
    return inspections


def readable_records(records, progress=None):
    """Parts the records whose image decodes from the rest: what `skip_bad_images` does.

    Number a classifier's labels from the readable ones.

    Returns:
      (readable records, [(record, problem) of the rest]), both in order.
    """
    problems = [inspection.problem for inspection in inspect_all(records, progress)]
    looked_at = list(zip(records, problems, strict=True))
    readable = [record for record, problem in looked_at if problem is None]
    return readable, [(record, problem) for record, problem in looked_at if problem]


@contextlib.contextmanager
def naming_bad_images(records):
    """Turns TensorFlow's error over an unreadable image into a sentence with the file's name.

    The images are looked through only after something failed; if they are all well, the failure
    was another and passes unchanged.
    """
    try:
        yield
    except tf.errors.OpError:
        bad = readable_records(records)[1]
        if not bad:
            raise
        (record, reason), *others = bad
        also = f" (and {len(others)} more)" if others else ""
        raise ReIDError(
            f"cannot read the image {record.path}{also}: {reason}; replace or remove it; "
            "training can go on without it under --skip_bad_images"
        ) from None
