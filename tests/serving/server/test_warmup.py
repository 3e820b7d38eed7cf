"""Warm-up records are run before a version serves, and a failing one keeps it from serving."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from serving.server import warmup
from serving.server.errors import StatusError
from serving.server.loader import LoadedModel
from tests.serving.server import tiny_models
from tests.serving.server.clients import floats, predict_request

GOOD = {"x": floats([1, 2]), "epsilon": np.float32(0)}


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    return tiny_models.save(tiny_models.Affine(), tmp_path_factory.mktemp("warm"))


def predict_log(inputs, **spec):
    log = prediction_log_pb2.PredictionLog()
    log.predict_log.request.CopyFrom(predict_request("another name", inputs, version=9, **spec))
    return log


def write(version, logs):
    file = version / warmup.FILE
    file.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(file)) as writer:
        for log in logs:
            writer.write(log.SerializeToString())
    return file


class Counting:
    """A model that counts its runs."""

    def __init__(self, path):
        self.model = LoadedModel(path)
        self.signatures = self.model.signatures
        self.runs = 0

    def run(self, feeds, fetches, **settings):
        self.runs += 1
        return self.model.run(feeds, fetches, **settings)


def test_records_run_whatever_name_they_carry(version):
    write(version, [predict_log(GOOD), prediction_log_pb2.PredictionLog(), predict_log(GOOD)])
    model = Counting(version)
    warmup.warm_up(model, version, iterations=3)
    assert model.runs == 6  # two records with a request, three times each; the empty one is skipped


def regress_log():
    log = prediction_log_pb2.PredictionLog()
    log.regress_log.request.model_spec.name = "m"
    return log


@pytest.mark.parametrize(
    ("logs", "code", "message"),
    [
        ([predict_log({})], "INVALID_ARGUMENT", "input size does not match"),
        ([predict_log(GOOD, signature="zz")], "FAILED_PRECONDITION", '"zz" not found'),
        ([regress_log()], "UNIMPLEMENTED", "regress_log"),
        ([prediction_log_pb2.PredictionLog()] * 1001, "INVALID_ARGUMENT", "exceeds the maximum"),
    ],
)
def test_a_failing_record_fails_the_load(version, logs, code, message):
    write(version, logs)
    with pytest.raises(StatusError, match=message) as caught:
        warmup.warm_up(LoadedModel(version), version)
    assert caught.value.code.name == code


def test_a_file_that_is_no_tfrecord_is_data_loss(version):
    write(version, []).write_bytes(b"this is not a record file at all")
    with pytest.raises(StatusError, match="verify your warmup data is in TFRecord") as caught:
        warmup.warm_up(LoadedModel(version), version)
    assert caught.value.code.name == "DATA_LOSS"


def test_a_record_that_is_no_prediction_log_fails_the_load(version):
    with tf.io.TFRecordWriter(str(write(version, []))) as writer:
        writer.write(b"\xff\xff\xff")
    with pytest.raises(StatusError, match="Failed to parse warmup record") as caught:
        warmup.warm_up(LoadedModel(version), version)
    assert caught.value.code.name == "INVALID_ARGUMENT"
