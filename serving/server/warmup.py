"""Warm-up: requests that come with a model are run before the first client's.

`VERSION/assets.extra/tf_serving_warmup_requests` is a TFRecord file of PredictionLog. Any record
that fails makes the load fail.
"""

import logging
import os

import tensorflow as tf
from google.protobuf.message import DecodeError
from grpc import StatusCode
from tensorflow_serving.apis import prediction_log_pb2

from serving.server.errors import StatusError, from_tensorflow, invalid_argument, unimplemented
from serving.server.predict import predict_with

logger = logging.getLogger(__name__)

FILE = os.path.join("assets.extra", "tf_serving_warmup_requests")
MAX_RECORDS = 1000


def warm_up(model, path, *, iterations=1):
    """Replays the records of the version directory `path`, each `iterations` times."""
    file = os.path.join(path, FILE)
    if not os.path.exists(file):
        return
    count = 0
    for count, record in enumerate(_records(file), start=1):
        if count > MAX_RECORDS:
            raise invalid_argument(
                f"Number of warmup records exceeds the maximum ({MAX_RECORDS}) at {file}"
            )
        for _ in range(iterations):
            _replay(model, record, file)
    logger.info("finished reading warmup data at %s; records read: %d", file, count)


def _records(file):
    try:
        yield from tf.compat.v1.io.tf_record_iterator(file)
    except tf.errors.DataLossError as error:
        raise StatusError(
            StatusCode.DATA_LOSS,
            f"{error.message}. Please verify your warmup data is in TFRecord format.",
        ) from error
    except tf.errors.OpError as error:
        raise from_tensorflow(error) from error


def _replay(model, record, file):
    try:
        log = prediction_log_pb2.PredictionLog.FromString(record)
    except DecodeError as error:
        raise invalid_argument(f"Failed to parse warmup record from {file}") from error
    kind = log.WhichOneof("log_type")
    if kind is None:
        return
    if kind != "predict_log":
        raise unimplemented(
            f"Unsupported log_type for warmup: {kind}; the development server runs predict_log"
        )
    predict_with(model, log.predict_log.request)
