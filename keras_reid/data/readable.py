"""Opening every image once, to know which are good before hours depend on them."""

import concurrent.futures
import hashlib
import os
from typing import NamedTuple

import tensorflow as tf

from keras_reid.data.images import decode


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
