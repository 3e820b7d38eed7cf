"""Reading a warm-up file as TensorFlow Serving would."""

import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from export.publishing.server_session import WARMUP


def records(version):
    """[(signature, rows)] of a warm-up file."""
    found = []
    for record in tf.compat.v1.io.tf_record_iterator(str(version / WARMUP)):
        request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
        rows = {tf.make_ndarray(proto).shape[0] for proto in request.inputs.values()}
        assert len(rows) == 1, "an input without the batch would fail a batching server"
        found.append((request.model_spec.signature_name, rows.pop()))
    return found
