"""Dynamic batching through the whole server: requests over gRPC, versions, warm-up."""

import concurrent.futures
import shutil
import threading

import grpc
import numpy as np
import pytest

from serving.errors import ServingError
from serving.server import batching_config
from serving.server.batching_config import BatchingParameters
from serving.server.embedded import EmbeddedServer
from serving.server.loader import LoadedModel
from serving.server.options import Limits, Loading
from tests.commands import assert_refused, run
from tests.serving.server.clients import GrpcClient, floats, predict_request
from tests.serving.server.test_lifecycle import requests_under_way, wait_for
from tests.serving.server.test_warmup import predict_log, write

HOUR = 3600 * 10**6  # microseconds: only a full batch starts


@pytest.fixture
def runs(monkeypatch):
    """Rows of every run of a session."""
    sizes, run = [], LoadedModel.run

    def counted(self, feeds, fetches, **settings):
        sizes.append([len(value) if value.ndim else None for value in feeds.values()][0])
        return run(self, feeds, fetches, **settings)

    monkeypatch.setattr(LoadedModel, "run", counted)
    return sizes


@pytest.fixture
def start(saved_models):
    """Starts servers of `demo` with these BatchingParameters; stops them in the end."""
    servers = []

    def start(base=saved_models / "demo", **parameters):
        batching = BatchingParameters(**{"batch_timeout_micros": HOUR, **parameters})
        settings = {"limits": Limits(grpc_max_threads=32), "loading": Loading(batching=batching)}
        server = EmbeddedServer({"demo": base}, rest_port=None, poll_seconds=0.05, **settings)
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.stop()


def ask_all(client, requests):
    """What each of the requests, sent at once, got: its outputs or its RpcError."""

    def ask(request):
        try:
            return client.outputs(**request)
        except grpc.RpcError as error:
            return error

    with concurrent.futures.ThreadPoolExecutor(len(requests)) as callers:
        return list(callers.map(ask, requests))


def pair(*rows):
    x = floats(*rows)
    return {"signature": "pair", "inputs": {"x": x, "z": np.ones_like(x)}}


def test_concurrent_requests_share_a_run_and_get_their_own_rows(start, runs):
    with GrpcClient(start(max_batch_size=6).grpc_address) as client:
        requests = [pair([1, 2]), pair([3, 4], [5, 6]), pair([7, 8], [9, 10]), pair([11, 12])]
        answers = ask_all(client, requests)
    assert runs == [6]
    for request, answer in zip(requests, answers, strict=True):
        np.testing.assert_array_equal(answer["total"], request["inputs"]["x"] + 1)
        np.testing.assert_array_equal(answer["product"], request["inputs"]["x"])


def test_a_row_on_which_the_graph_fails_costs_only_its_own_request(start, runs):
    requests = [
        {"signature": "fails", "inputs": {"x": floats([number, 0])}} for number in (1, 99, 2, 3)
    ]
    with GrpcClient(start(max_batch_size=4).grpc_address) as client:
        answers = ask_all(client, requests)
    assert answers[1].code() == grpc.StatusCode.INVALID_ARGUMENT
    assert [answers[i]["y"].tolist() for i in (0, 2, 3)] == [[[1, 0]], [[2, 0]], [[3, 0]]]
    assert runs == [4, 1, 1, 1, 1]


def test_what_a_batching_server_refuses(start):
    x = {"x": floats([1, 2])}
    scalar = {"inputs": {**x, "epsilon": np.float32(0)}}
    uneven = {"inputs": {"x": floats([1, 2]), "z": floats([1, 2], [3, 4])}, "signature": "pair"}
    cases = [
        (scalar, "INVALID_ARGUMENT", "input tensors must have at least one dimension"),
        (uneven, "INVALID_ARGUMENT", "must have equal 0th-dimension size"),
        (pair(*[[0, 0]] * 3), "INVALID_ARGUMENT", "Task size 3 is larger than maximum input batch"),
        (
            {"inputs": x, "signature": "summed"},
            "FAILED_PRECONDITION",
            "Batched output tensor has 0 dimensions",
        ),
    ]
    server = start(max_batch_size=2, batch_timeout_micros=0)
    with GrpcClient(server.grpc_address) as client:
        for request, code, message in cases:
            with pytest.raises(grpc.RpcError) as caught:
                client.predict(**request)
            assert caught.value.code().name == code and message in caught.value.details()
        # An empty batch, on which the real server ends or hangs, is answered.
        empty = {"x": np.zeros([0, 2], np.float32), "z": np.zeros([0, 2], np.float32)}
        assert client.outputs(inputs=empty, signature="pair")["total"].shape == (0, 2)


def test_a_request_that_gives_up_in_the_queue_costs_nobody_anything(start, runs):
    with GrpcClient(start(max_batch_size=2).grpc_address) as client:
        with pytest.raises(grpc.RpcError) as caught:
            client.predict(**pair([9, 9]), timeout=0.3)
        assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        # The batch that it began is filled by one more, and runs without it.
        assert client.outputs(**pair([1, 2]))["total"].tolist() == [[2, 3]]
    assert runs == [1]


def test_versions_swap_under_load_without_a_wrong_or_lost_answer(start, saved_models, tmp_path):
    base = tmp_path / "demo"
    shutil.copytree(saved_models / "demo" / "1", base / "1")
    server = start(base, max_batch_size=8, batch_timeout_micros=500)
    x, scale, seen, stop = floats([1, 1]), {1: 2.0, 2: 4.0}, set(), threading.Event()
    request = {"inputs": {"x": x, "epsilon": floats([0, 0])}}  # of equal sizes, so batchable

    def ask():
        while not stop.is_set():
            response = client.predict(**request)
            version = response.model_spec.version.value
            assert response.outputs["y"].float_val[0] == scale[version]
            seen.add(version)

    with GrpcClient(server.grpc_address) as client:
        with concurrent.futures.ThreadPoolExecutor(6) as callers:
            asking = [callers.submit(ask) for _ in range(6)]
            shutil.copytree(saved_models / "demo" / "2", base / "tmp-2")
            (base / "tmp-2").rename(base / "2")
            server.wait_ready(version=2)
            shutil.rmtree(base / "1")
            wait_for(lambda: 2 in seen or any(future.done() for future in asking))
            stop.set()
        for future in asking:
            future.result()
    assert 2 in seen


def test_stop_answers_what_waits_for_company(start):
    server = start(max_batch_size=8, batch_timeout_micros=300_000)
    waiting = threading.Semaphore(0)
    with GrpcClient(server.grpc_address) as client:
        client.predict(**pair([0, 0]))  # the connection is there
        future = client.prediction.Predict.future(
            predict_request("demo", **pair([1, 2])), timeout=30
        )
        future.add_done_callback(lambda _: waiting.release())
        wait_for(lambda: requests_under_way(server))
        server.stop()
        assert waiting.acquire(timeout=30)
        assert list(future.result().outputs["total"].float_val) == [2, 3]


def test_warm_up_runs_through_batching(start, saved_models, tmp_path, runs):
    version = tmp_path / "demo" / "1"
    shutil.copytree(saved_models / "demo" / "1", version)
    write(version, [predict_log({"x": floats([1, 2]), "z": floats([1, 2])}, signature="pair")])
    start(tmp_path / "demo", batch_timeout_micros=0, max_batch_size=4, allowed_batch_sizes=(4,))
    assert runs == [4]
    scalar = predict_log({"x": floats([1, 2]), "epsilon": np.float32(0)})
    write(version, [scalar])
    with pytest.raises(ServingError, match="must have at least one dimension"):
        start(tmp_path / "demo")


def test_a_model_brings_its_own_parameters(saved_models, tmp_path, runs):
    for name in ("own", "plain", "bad"):
        shutil.copytree(saved_models / "demo" / "1", tmp_path / name / "1")
    own = "max_batch_size { value: 2 } allowed_batch_sizes: 2"
    (tmp_path / "own" / "1" / batching_config.FILE).write_text(own)
    (tmp_path / "bad" / "1" / batching_config.FILE).write_text("nonsense")
    models = {name: tmp_path / name for name in ("own", "plain")}
    loading = Loading(batching=BatchingParameters(), per_model_batching=True)
    settings = {"rest_port": None, "loading": loading}
    with EmbeddedServer(models, **settings) as server:
        with GrpcClient(server.grpc_address) as client:
            client.predict("own", **pair([1, 2]))
            client.predict("plain", **pair([1, 2]))
            with pytest.raises(grpc.RpcError, match="larger than maximum"):
                client.predict("own", **pair(*[[1, 2]] * 3))
    assert runs == [2, 1]  # padded, and as it came
    with pytest.raises(ServingError, match="INVALID_ARGUMENT: batching parameters .*not Batching"):
        EmbeddedServer({"bad": tmp_path / "bad"}, **settings).start()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--batching_parameters_file={file}"],
            ["--batching_parameters_file", "--enable_batching"],
        ),
        (["--enable_batching", "--batching_parameters_file={file}"], ["{file}", "not Batching"]),
        (["--enable_batching", "--batching_parameters_file=/no/file"], ["cannot read", "/no/file"]),
    ],
)
def test_bad_flags_end_in_a_sentence(arguments, words, saved_models, tmp_path):
    file = tmp_path / "batching.pbtxt"
    file.write_text("max_batch_size: 16")
    told = [argument.format(file=file) for argument in arguments]
    done = run("serving.serve", f"--model_base_path={saved_models / 'demo'}", "--port=0", *told)
    assert_refused(done, *(word.format(file=file) for word in words))
