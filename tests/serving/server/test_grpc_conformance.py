"""Requests that TensorFlow Serving refuses, each with its code and message."""

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import get_model_status_pb2, predict_pb2

from tests.serving.server.clients import floats, predict_request

X = floats([1, 2])
EPSILON = np.float32(0.5)
BOTH = {"x": X, "epsilon": EPSILON}


def broken_content():
    proto = tf.make_tensor_proto(X)
    proto.tensor_content = proto.tensor_content[:-1]
    return proto


def unbounded():
    """A few bytes that stand for a tensor of 2^62 values."""
    proto = tf.make_tensor_proto(np.float32(1))
    for size in (2**31, 2**31):
        proto.tensor_shape.dim.add(size=size)
    return proto


REFUSED = {
    "no model_spec": (predict_request(None, BOTH), "INVALID_ARGUMENT", "Missing ModelSpec"),
    "no model name": (
        predict_request("", BOTH),
        "INVALID_ARGUMENT",
        "ModelSpec has no name specified.",
    ),
    "unknown model": (
        predict_request("nope", BOTH),
        "NOT_FOUND",
        "Servable not found for request: Latest(nope)",
    ),
    "unknown version": (
        predict_request("demo", BOTH, version=99),
        "NOT_FOUND",
        "Servable not found for request: Specific(demo, 99)",
    ),
    "unknown label": (
        predict_request("demo", BOTH, label="x"),
        "INVALID_ARGUMENT",
        "Unrecognized servable version label: x",
    ),
    "unknown signature": (
        predict_request("demo", BOTH, signature="zz"),
        "FAILED_PRECONDITION",
        'Serving signature key "zz" not found.',
    ),
    "missing input": (
        predict_request("demo", {"x": X}),
        "INVALID_ARGUMENT",
        "input size does not match signature: 1!=2 len({x}) != len({epsilon,x}). "
        "Sent extra: {}. Missing but required: {epsilon}.",
    ),
    "extra input": (
        predict_request("demo", {**BOTH, "more": X}),
        "INVALID_ARGUMENT",
        "input size does not match signature: 3!=2 len({epsilon,more,x}) != len({epsilon,x}). "
        "Sent extra: {more}. Missing but required: {}.",
    ),
    "wrong input name": (
        predict_request("demo", {"y": X, "epsilon": EPSILON}),
        "INVALID_ARGUMENT",
        "Signature input alias: x(feed name: serving_default_x:0) not found in request and no "
        "default value provided. Inputs expected to be in the request {epsilon,y}, or default "
        "input alias set: ",
    ),
    "extra input beside a default": (
        predict_request("defaults", {"x": X, "more": X}),
        "INVALID_ARGUMENT",
        "Inputs contains invalid name. Used request inputs: x, request input: more,x",
    ),
    "input without default missing": (
        predict_request("defaults", {}),
        "INVALID_ARGUMENT",
        "Signature input alias: x(feed name: serving_default_x:0) not found in request and no "
        "default value provided. Inputs expected to be in the request {}, or default input "
        "alias set: epsilon",
    ),
    "wrong dtype": (
        predict_request("demo", {"x": X.astype(np.float64), "epsilon": EPSILON}),
        "INVALID_ARGUMENT",
        "Expects arg[1] to be float but double is provided",
    ),
    "wrong dtype of a default": (
        predict_request("defaults", {"x": X, "epsilon": np.int32(1)}),
        "INVALID_ARGUMENT",
        "Expects arg[0] to be float but int32 is provided",
    ),
    "broken content": (
        predict_request("demo", {"x": broken_content(), "epsilon": EPSILON}),
        "INVALID_ARGUMENT",
        "tensor parsing error: x",
    ),
    "no such dtype": (
        predict_request("demo", {"x": tf.make_tensor_proto(X).__class__(), "epsilon": EPSILON}),
        "INVALID_ARGUMENT",
        "tensor parsing error: x",
    ),
    "a tensor larger than any memory": (
        predict_request("demo", {"x": unbounded(), "epsilon": EPSILON}),
        "INVALID_ARGUMENT",
        "tensor parsing error: x",
    ),
    "unknown output": (
        predict_request("demo", BOTH, output_filter=["q"]),
        "INVALID_ARGUMENT",
        "output tensor alias not found in signature: q Outputs expected to be in the set {y}.",
    ),
    "duplicate output": (
        predict_request("demo", BOTH, output_filter=["y", "y"]),
        "INVALID_ARGUMENT",
        "duplicate output tensor alias: y",
    ),
}


def refusal(call, *args, **kwargs):
    with pytest.raises(grpc.RpcError) as caught:
        call(*args, **kwargs)
    return caught.value.code().name, caught.value.details()


@pytest.mark.parametrize("case", REFUSED)
def test_predict_refuses(grpc_client, case):
    request, code, message = REFUSED[case]
    assert refusal(grpc_client.prediction.Predict, request, timeout=30) == (code, message)
    # The server lives on.
    assert grpc_client.predict(inputs=BOTH).model_spec.version.value == 2


def test_an_op_that_fails_gives_the_runtimes_words(grpc_client):
    code, message = refusal(grpc_client.predict, inputs={"x": X.T, "epsilon": EPSILON})
    assert code == "INVALID_ARGUMENT"
    assert message.startswith("Matrix size-incompatible: In[0]: [2,1], In[1]: [2,2]")


def test_a_long_message_is_cut_at_1024_bytes(grpc_client):
    code, message = refusal(grpc_client.predict, inputs={"x": X * 10}, signature="fails")
    assert code == "INVALID_ARGUMENT"
    assert message.startswith("assertion failed: [xxx")
    assert len(message) == 1024 + len("...TRUNCATED") and message.endswith("x...TRUNCATED")


def test_metadata_refuses(grpc_client):
    assert refusal(grpc_client.metadata, "demo", fields=[]) == (
        "INVALID_ARGUMENT",
        "GetModelMetadataRequest must specify at least one metadata_field",
    )
    assert refusal(grpc_client.metadata, "demo", fields=["foo"]) == (
        "INVALID_ARGUMENT",
        "Metadata field foo is not supported",
    )
    assert refusal(grpc_client.metadata, "demo", version=99) == (
        "NOT_FOUND",
        "Servable not found for request: Specific(demo, 99)",
    )


def test_status_refuses(grpc_client):
    assert refusal(grpc_client.status, "nope") == (
        "NOT_FOUND",
        "Could not find any versions of model nope",
    )
    assert refusal(grpc_client.status, "demo", version=77) == (
        "NOT_FOUND",
        "Could not find version 77 of model demo",
    )
    empty = get_model_status_pb2.GetModelStatusRequest()
    assert refusal(grpc_client.model.GetModelStatus, empty, timeout=30) == (
        "INVALID_ARGUMENT",
        "Missing ModelSpec",
    )


@pytest.mark.parametrize("method", ["Classify", "Regress", "MultiInference"])
def test_what_is_not_built_is_unimplemented(grpc_client, method):
    call = grpc_client.channel.unary_unary(
        f"/tensorflow.serving.PredictionService/{method}",
        request_serializer=predict_pb2.PredictRequest.SerializeToString,
    )
    code, _ = refusal(call, predict_pb2.PredictRequest(), timeout=30)
    assert code == "UNIMPLEMENTED"


def test_bytes_that_are_no_message_cost_one_call_and_no_traceback(grpc_client, caplog):
    call = grpc_client.channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
    code, message = refusal(call, b"\xff\xff\xff", timeout=30)
    assert code == "INTERNAL" and message.startswith("not a PredictRequest: ")
    assert not [record for record in caplog.records if record.exc_info]
    assert grpc_client.predict(inputs=BOTH).outputs
