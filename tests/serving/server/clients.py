"""Independent clients: tensorflow-serving-api's stubs over gRPC, the standard library over HTTP."""

import gzip
import json
import urllib.error
import urllib.request

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

INT32_MAX = 2**31 - 1
TIMEOUT = 30


class GrpcClient:
    def __init__(self, address, **options):
        options = {"grpc.max_receive_message_length": INT32_MAX, **options}
        self.channel = grpc.insecure_channel(address, options=list(options.items()))
        self.prediction = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self.model = model_service_pb2_grpc.ModelServiceStub(self.channel)

    def predict(self, model="demo", inputs=None, timeout=TIMEOUT, **settings):
        return self.prediction.Predict(
            predict_request(model, inputs or {}, **settings), timeout=timeout
        )

    def outputs(self, *args, **kwargs):
        response = self.predict(*args, **kwargs)
        return {name: tf.make_ndarray(proto) for name, proto in response.outputs.items()}

    def status(self, model, version=None, label=None):
        request = get_model_status_pb2.GetModelStatusRequest()
        fill_spec(request.model_spec, model, version, label)
        return self.model.GetModelStatus(request, timeout=TIMEOUT).model_version_status

    def metadata(self, model, fields=("signature_def",), version=None):
        request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
        fill_spec(request.model_spec, model, version)
        return self.prediction.GetModelMetadata(request, timeout=TIMEOUT)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.channel.close()


def fill_spec(spec, model, version=None, label=None, signature=""):
    spec.name = model
    spec.signature_name = signature
    if version is not None:
        spec.version.value = version
    if label is not None:
        spec.version_label = label


def predict_request(model, inputs, *, version=None, label=None, signature="", output_filter=()):
    request = predict_pb2.PredictRequest(output_filter=output_filter)
    if model is not None:
        fill_spec(request.model_spec, model, version, label, signature)
    for name, value in inputs.items():
        is_proto = isinstance(value, tf.compat.v1.make_tensor_proto(0).__class__)
        request.inputs[name].CopyFrom(value if is_proto else tf.make_tensor_proto(value))
    return request


def floats(*rows):
    return np.array(rows, np.float32)


class RestClient:
    def __init__(self, address):
        self.address = address

    def call(self, method, path, body=None, headers=None):
        """(HTTP status, content type, bytes)."""
        request = urllib.request.Request(
            self.address + path, data=body, method=method, headers=headers or {}
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
                return response.status, response.headers["Content-Type"], response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers["Content-Type"], error.read()

    def get(self, path):
        status, content_type, body = self.call("GET", path)
        assert content_type == "application/json"
        return status, json.loads(body)

    def predict(self, body, target="demo", *, compress=False):
        """(HTTP status, parsed JSON) of a POST; `body` is JSON text, bytes or a value."""
        if not isinstance(body, bytes | str):
            body = json.dumps(body)
        data = body.encode() if isinstance(body, str) else body
        headers = {"Content-Type": "application/json"}
        if compress:
            data, headers["Content-Encoding"] = gzip.compress(data), "gzip"
        status, content_type, answer = self.call(
            "POST", f"/v1/models/{target}:predict", data, headers
        )
        assert content_type == "application/json"
        return status, json.loads(answer)
