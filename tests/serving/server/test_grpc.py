"""What a TensorFlow Serving client gets from the server over gRPC."""

import concurrent.futures
import threading
import time

import grpc
import numpy as np
import pytest
import tensorflow as tf
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow_serving.apis import get_model_metadata_pb2

from serving.server.embedded import EmbeddedServer
from serving.server.options import Limits
from tests.serving.server.clients import GrpcClient, floats

X = floats([1, 2], [3, 4])


def test_predict_answers_from_the_latest_version(grpc_client):
    response = grpc_client.predict(inputs={"x": X, "epsilon": np.float32(1)})
    # Version 2 doubles x before W = diag(2, 3): 2 * [1, 2] W + 1 = [5, 13].
    assert np.array_equal(tf.make_ndarray(response.outputs["y"]), [[5, 13], [13, 25]])
    spec = response.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("demo", 2, "serving_default")


def test_values_come_in_the_field_of_their_type(grpc_client):
    response = grpc_client.predict(inputs={"x": X[:1], "epsilon": np.float32(1)})
    assert list(response.outputs["y"].float_val) == [5, 13]


def test_version_and_label_choose(grpc_client):
    inputs = {"x": X[:1], "epsilon": np.float32(0)}
    for choice in ({"version": 1}, {"label": "stable"}):
        assert np.array_equal(grpc_client.outputs(inputs=inputs, **choice)["y"], [[2, 6]])
    assert np.array_equal(grpc_client.outputs(inputs=inputs, label="canary")["y"], [[4, 12]])


def test_output_filter_chooses(grpc_client):
    inputs = {"x": X, "z": X}
    assert set(grpc_client.outputs(inputs=inputs, signature="pair")) == {"total", "product"}
    chosen = grpc_client.outputs(inputs=inputs, signature="pair", output_filter=["total"])
    assert np.array_equal(chosen.pop("total"), X + X) and not chosen


def test_a_default_of_the_signature_may_be_left_out(grpc_client):
    assert np.array_equal(grpc_client.outputs("defaults", {"x": X})["y"], X + 0.5)
    given = grpc_client.outputs("defaults", {"x": X, "epsilon": np.float32(2)})
    assert np.array_equal(given["y"], X + 2)


def test_shapes_are_not_checked_against_the_signature(grpc_client):
    # The signature says epsilon is a scalar; a vector broadcasts, as in the real server.
    outputs = grpc_client.outputs(inputs={"x": X[:1], "epsilon": floats(0, 100)}, version=1)
    assert np.array_equal(outputs["y"], [[2, 106]])


def test_an_empty_batch_gets_an_empty_answer(grpc_client):
    outputs = grpc_client.outputs(inputs={"x": X[:0], "epsilon": np.float32(1)})
    assert outputs["y"].shape == (0, 2)


def test_every_kind_of_value_comes_back(grpc_client):
    inputs = {
        "i32": np.array([-1, 2**31 - 1], np.int32),
        "i64": np.array([-(2**63), 2**63 - 1]),
        "flag": np.array([True, False]),
        "f64": np.array([np.nan, -np.inf]),
    }
    outputs = grpc_client.outputs(inputs=inputs, signature="kinds")
    for name, value in inputs.items():
        assert np.array_equal(outputs[name], value, equal_nan=name == "f64")
        assert outputs[name].dtype == value.dtype
    text = np.array([b"a\0", b"\xff"], object)
    assert list(grpc_client.outputs(inputs={"text": text}, signature="strings")["echo"]) == [*text]
    half = grpc_client.outputs(inputs={"h": np.array([0.5], np.float16)}, signature="half")
    assert half["h"].dtype == np.float16 and half["h"] == [1.5]
    pixels = np.arange(256, dtype=np.uint8).reshape(2, 128)
    assert np.array_equal(
        grpc_client.outputs(inputs={"pixels": pixels}, signature="pixels")["inverted"],
        255 - pixels,
    )


def test_scalar_outputs_keep_their_rank(grpc_client):
    assert grpc_client.outputs(inputs={"x": X}, signature="summed")["total"].shape == ()


def test_a_request_of_forty_megabytes_passes(grpc_client):
    inputs = {"x": np.ones((2, 5_000_000), np.float32)}
    outputs = grpc_client.outputs(inputs=inputs, signature="summed", output_filter=["total"])
    assert outputs["total"] == 1e7


def test_a_client_with_the_default_limit_is_the_one_that_refuses(server):
    with GrpcClient(server.grpc_address, **{"grpc.max_receive_message_length": 2**22}) as client:
        with pytest.raises(grpc.RpcError) as caught:
            client.predict(inputs={"pixels": np.zeros((4, 2**20), np.uint8)}, signature="pixels")
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_metadata_is_the_signature_map(grpc_client):
    response = grpc_client.metadata("demo", version=1)
    assert response.model_spec.version.value == 1
    packed = response.metadata["signature_def"]
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert packed.Unpack(signatures)
    default = signatures.signature_def["serving_default"]
    assert set(default.inputs) == {"x", "epsilon"} and set(default.outputs) == {"y"}
    assert default.inputs["x"].dtype == tf.float32.as_datatype_enum
    assert default.method_name == "tensorflow/serving/predict"
    assert "__saved_model_init_op" in signatures.signature_def


def test_status_lists_every_version_and_ignores_a_label(grpc_client):
    for label in (None, "stable", "no such label"):
        versions = grpc_client.status("demo", label=label)
        assert [(v.version, v.state, v.status.error_code) for v in versions] == [
            (1, v.AVAILABLE, 0) if v.version == 1 else (2, v.AVAILABLE, 0) for v in versions
        ]
        assert len(versions) == 2
    assert [v.version for v in grpc_client.status("demo", version=1)] == [1]


@pytest.mark.parametrize("service", ["", "ModelService", "PredictionService"])
def test_health(grpc_client, service):
    stub = health_pb2_grpc.HealthStub(grpc_client.channel)
    answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=30)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as caught:
        stub.Check(health_pb2.HealthCheckRequest(service="other"), timeout=30)
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND


def test_health_is_off_unless_asked_for(saved_models):
    with EmbeddedServer({"single": saved_models / "single"}, rest_port=None) as server:
        assert server.rest_address is None
        with GrpcClient(server.grpc_address) as client, pytest.raises(grpc.RpcError) as caught:
            stub = health_pb2_grpc.HealthStub(client.channel)
            stub.Check(health_pb2.HealthCheckRequest(), timeout=30)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_the_clients_deadline_ends_the_run(grpc_client):
    steps = np.array([10**6], np.int32)  # a quarter of an hour
    with pytest.raises(grpc.RpcError) as caught:
        grpc_client.predict(inputs={"steps": steps}, signature="slow", timeout=0.5)
    assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    started = time.monotonic()
    grpc_client.predict(inputs={"steps": steps // 10**5}, signature="slow")
    assert time.monotonic() - started < 10


def test_one_call_more_than_threads_is_refused(saved_models):
    models = {"demo": saved_models / "demo"}
    with EmbeddedServer(models, rest_port=None, limits=Limits(grpc_max_threads=2)) as server:
        with GrpcClient(server.grpc_address) as client:
            steps = {"steps": np.array([10**6], np.int32)}
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                slow = [
                    pool.submit(client.predict, inputs=steps, signature="slow", timeout=3)
                    for _ in range(2)
                ]
                with pytest.raises(grpc.RpcError) as caught:
                    while not all(future.done() for future in slow):
                        client.status("demo")
                assert [f.exception().code().name for f in slow] == ["DEADLINE_EXCEEDED"] * 2
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert caught.value.details() == "Server Threadpool Exhausted"


def test_many_clients_at_once_get_their_own_answers(server):
    failures = []

    def ask(number):
        with GrpcClient(server.grpc_address) as client:
            for step in range(20):
                value = number * 100 + step
                answer = client.outputs(
                    inputs={"x": floats([value, 0]), "z": floats([1, 0])}, signature="pair"
                )
                if answer["total"][0, 0] != value + 1:
                    failures.append(value)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
