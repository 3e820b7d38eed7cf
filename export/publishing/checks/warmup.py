"""Warm-up records: the requests that passed, as a server replays them before it says AVAILABLE."""

import re
import tempfile
from pathlib import Path

import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from keras_reid.errors import ReIDError

MAX_RECORDS = 1000  # more, and the server refuses the model
READ = re.compile(r"finished reading warmup data.*?records read: (\d+)", re.IGNORECASE)


def warmup_file(requests):
    """bytes: an uncompressed TFRecord of PredictionLog, the same for the same requests."""
    if len(requests) > MAX_RECORDS:
        raise ReIDError(
            f"{len(requests)} requests are more than the {MAX_RECORDS} that a server takes as "
            "warm-up; give fewer --batch_sizes"
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for request in requests:
                log = prediction_log_pb2.PredictionLog()
                log.predict_log.request.CopyFrom(request.message())
                writer.write(log.SerializeToString(deterministic=True))
        return path.read_bytes()


def records_read(log):
    """How many warm-up records a server says that it has run, over all its models."""
    return sum(int(count) for count in READ.findall(log))
