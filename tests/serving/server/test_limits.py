"""What is above a limit is refused with a status of its own, before memory is taken for it."""

import concurrent.futures
import gzip
import io
import json
import socket
import threading

import grpc
import numpy as np
import pytest
import tensorflow as tf

from serving import errors
from serving.server.embedded import EmbeddedServer
from serving.server.http_body import read_body
from serving.server.options import Limits
from tests.serving.server.clients import TIMEOUT, GrpcClient, RestClient, floats, predict_request

LIMITS = Limits(
    request_bytes=100_000, elements=1000, rows=50, rest_num_threads=1, rest_queue=1,
    rest_timeout_ms=20_000,
)  # fmt: skip
X = floats([1, 2])


@pytest.fixture(scope="module")
def strict(saved_models):
    models = {"demo": saved_models / "demo", "single": saved_models / "single"}
    with EmbeddedServer(models, limits=LIMITS) as server:
        yield server


@pytest.fixture(scope="module")
def strict_grpc(strict):
    with GrpcClient(strict.grpc_address) as client:
        yield client


@pytest.fixture(scope="module")
def strict_rest(strict):
    return RestClient(strict.rest_address)


def declared(shape, dtype=tf.float32):
    """A tensor of one value that says it has this shape."""
    proto = tf.make_tensor_proto(tf.zeros([], dtype).numpy() if dtype != tf.string else b"")
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return proto


EXPANDING = {
    "too many values": (declared([2, 501]), "(1003 vs. 1000 elements)"),
    "two gigabytes": (declared([2, 2**28]), "vs. 1000 elements)"),
    "more than any memory": (declared([2, 2**62, 2**62]), "vs. 1000 elements)"),
    "too many rows": (declared([51, 2]), "rows of the request larger than max (51 vs. 50)"),
    "rows of nothing": (declared([2**40, 0]), "rows of the request larger than max"),
    "too many strings": (declared([1, 60], tf.string), "rows of the request larger than max (60"),
}


@pytest.mark.parametrize("case", EXPANDING)
def test_a_tensor_larger_than_its_bytes_is_refused(strict_grpc, case):
    proto, words = EXPANDING[case]
    with pytest.raises(grpc.RpcError) as caught:
        strict_grpc.predict(inputs={"x": proto, "epsilon": np.float32(0)})
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert words in caught.value.details()
    # Our client takes it for what it is: no use in asking again, only in asking for less.
    details = caught.value.details()
    error = errors.from_server("INVALID_ARGUMENT", details, "address", "demo", 1.0)
    assert isinstance(error, errors.RequestTooLarge)


def test_inputs_count_together_and_up_to_the_limit(strict_grpc):
    full = {"x": np.zeros((5, 100), np.float32), "z": np.zeros((5, 100), np.float32)}
    assert strict_grpc.outputs(inputs=full, signature="pair")["total"].shape == (5, 100)
    more = {**full, "z": np.zeros((5, 101), np.float32)}
    with pytest.raises(grpc.RpcError, match="1005 vs. 1000 elements"):
        strict_grpc.predict(inputs=more, signature="pair")


def test_a_message_of_too_many_bytes_is_refused(strict_grpc):
    request = predict_request("demo", {"x": X, "epsilon": np.float32(0)})
    request.inputs["x"].tensor_content = b"\0" * 100_000
    with pytest.raises(grpc.RpcError) as caught:
        strict_grpc.prediction.Predict(request, timeout=TIMEOUT)
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in caught.value.details()


BODIES = {
    "plain": (b" " * 100_001, {}),
    "once unpacked": (gzip.compress(b" " * 100_001), {"Content-Encoding": "gzip"}),
    "far too large": (b" " * (20 * 2**20), {}),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_body_of_too_many_bytes_is_refused(strict_rest, case):
    body, headers = BODIES[case]
    status, _, answer = strict_rest.call("POST", "/v1/models/single:predict", body, headers)
    assert status == 413
    message = json.loads(answer)["error"]
    assert "larger than max" in message
    name = errors.status_name(status)
    assert isinstance(
        errors.from_server(name, message, "address", "single", 1.0), errors.RequestTooLarge
    )


def test_chunks_of_one_byte_are_added_up():
    class Stream:
        lines = [b"1\r\n", b"\r\n"]
        reads = 0

        def readline(self, size):
            self.lines = self.lines[::-1]
            return self.lines[1]

        def read1(self, size):
            self.reads += 1
            return b"x"

    stream = Stream()
    with pytest.raises(Exception, match="larger than max"):
        read_body({"Transfer-Encoding": "chunked"}, stream, 1000)
    assert stream.reads == 1000


def test_a_long_gzip_body_comes_out_whole():
    body = np.random.default_rng(0).bytes(3 * 2**20) + b"\0" * 5 * 2**20
    packed = gzip.compress(body, 1)
    headers = {"Content-Length": str(len(packed)), "Content-Encoding": "gzip"}
    assert read_body(headers, io.BufferedReader(io.BytesIO(packed)), 2**30) == body
    headers["Content-Length"] = str(len(packed) - 9)
    with pytest.raises(Exception, match="ends early"):
        read_body(headers, io.BufferedReader(io.BytesIO(packed)), 2**30)


JSON = {
    "values": ({"inputs": [[0] * 1001]}, "elements)"),
    "lists of nothing": ({"inputs": [[]] * 1001}, "elements)"),
    "rows": ({"inputs": [[0, 0]] * 51}, "rows of the request larger than max (51 vs. 50)"),
    "instances": ({"instances": [[0, 0]] * 51}, "(51 vs. 50)"),
}


@pytest.mark.parametrize("case", JSON)
def test_json_of_too_many_values_is_refused(strict_rest, case):
    body, words = JSON[case]
    status, answer = strict_rest.predict(body, "single")
    assert status == 400 and words in answer["error"]


def test_a_full_queue_is_unavailable(strict, strict_rest):
    """One works, one waits, and the third is told so; status is answered all the while."""
    release, working = threading.Event(), threading.Event()
    (demo,) = strict.manager.version_states("demo")
    with demo.use() as model:
        original = model.run

        def run(*args, **kwargs):
            working.set()
            assert release.wait(TIMEOUT)
            return original(*args, **kwargs)

        model.run = run
        try:
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                body = {"inputs": {"x": [[1, 2]], "epsilon": 0}}
                first = pool.submit(strict_rest.predict, body)
                assert working.wait(TIMEOUT)
                second = pool.submit(strict_rest.predict, body)
                capacity = strict._doors._capacities[1]
                while not capacity.waiting:
                    assert not second.done()
                status, answer = strict_rest.predict(body)
                assert status == 503 and "queue" in answer["error"]
                assert strict_rest.get("/v1/models/demo")[0] == 200
                release.set()
                assert first.result()[0] == second.result()[0] == 200
        finally:
            release.set()
            del model.run
    assert (capacity.working, capacity.waiting) == (0, 0)


def test_connections_have_a_limit(saved_models, monkeypatch):
    monkeypatch.setattr("serving.server.http.MAX_CONNECTIONS", 2)
    with EmbeddedServer({"single": saved_models / "single"}) as server:
        place = "localhost", int(server.rest_address.rpartition(":")[2])
        with socket.create_connection(place), socket.create_connection(place):
            with socket.create_connection(place, timeout=TIMEOUT) as third:
                answer = third.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 503") and b"Too many connections" in answer
