"""Bytes of images from wherever they lie; what cannot be one is told apart here, not by a crash."""

import concurrent.futures
import io
import warnings

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.io.tfrecordio import _TFRecordUtil  # checks both checksums of a record
from PIL import Image

from export.bulk.items import Letter
from export.bulk.layout import FAILURES
from keras_reid.errors import first_line

THREADS = 8  # an object store answers slowly, and many at a time
MAX_PIXELS = 2**26  # of one image: a file of a few bytes may stand for gigabytes
IMAGE, KEY, PID, CAMID = "image/encoded", "key", "pid", "camid"  # features of an input tf.Example


def read_all(items, limit):
    """Reads Items, each of at most `limit` bytes.

    Returns:
      ([(Item, bytes)], [Letter]) in the order of `items`. Labels that a tf.Example holds are in its
      Item, and so is its key.
    """
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda item: read(item, limit), items))
    return (
        [answer for answer in answers if not isinstance(answer, Letter)],
        [answer for answer in answers if isinstance(answer, Letter)],
    )


def read(item, limit):
    """(Item, bytes) or a Letter."""
    if item.problem:
        return Letter(item.key, item.problem)
    try:
        with FileSystems.open(item.path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
            if item.offset is None:
                encoded = file.read(limit + 1)
            else:
                file.seek(item.offset)
                record = _TFRecordUtil.read_record(file)
                if record is None:
                    raise ValueError("the file ends before it")
                item, encoded = from_example(item, record)
    except FAILURES as error:
        return Letter(item.key, f"cannot be read: {getattr(error, 'strerror', '') or error}")
    except ValueError as error:
        return Letter(item.key, f"no readable record: {first_line(error)}")
    problem = problem_of(encoded, limit)
    return Letter(item.key, problem) if problem else (item, encoded)


def from_example(item, record):
    """The Item with what the tf.Example tells, and the image that it holds."""
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    try:
        features = tf.train.Example.FromString(record).features.feature
    except DecodeError as error:
        raise ValueError("it is no tf.Example") from error
    images = features[IMAGE].bytes_list.value if IMAGE in features else []
    if len(images) != 1:
        raise ValueError(f"its tf.Example has no feature {IMAGE!r} with one value")
    told = {}
    if KEY in features and features[KEY].bytes_list.value:
        told["key"] = features[KEY].bytes_list.value[0].decode("utf-8", "replace")
    for name in (PID, CAMID):
        if name in features and features[name].int64_list.value:
            told[name] = features[name].int64_list.value[0]
    return item._replace(**told), images[0]


def problem_of(encoded, limit):
    """Why these bytes cannot be an image to work on, from their header alone; None if they can."""
    if not encoded:
        return "empty"
    if len(encoded) > limit:
        return f"more than {limit} bytes, the most that the export takes"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(encoded), formats=("JPEG", "PNG")) as image:
                width, height = image.size
    except Image.DecompressionBombError:
        return f"more than {MAX_PIXELS} pixels"
    except (OSError, SyntaxError, ValueError):
        return "neither JPEG nor PNG, or damaged"
    return (
        f"{width} x {height} pixels, more than {MAX_PIXELS}"
        if width * height > MAX_PIXELS
        else None
    )
