"""Lines of the log and ids of requests."""

import json
import logging

import grpc
import numpy as np
import pytest

from serving.server.embedded import EmbeddedServer
from serving.server.log_format import JsonFormatter, TextFormatter
from serving.server.options import Observing
from tests.serving.server.clients import TIMEOUT, GrpcClient, RestClient, floats, predict_request

GET_STATUS = "/tensorflow.serving.ModelService/GetModelStatus"
STATUS_OF_SINGLE = b"\x0a\x08\x0a\x06single"  # GetModelStatusRequest { model_spec { name } }
SECRET = 123.456  # a pixel, so to say
X = floats([SECRET, 2], [3, 4])


def status_call(channel, metadata=(), timeout=TIMEOUT):
    """The name of the status that a call ends with."""
    try:
        channel.unary_unary(GET_STATUS)(STATUS_OF_SINGLE, timeout=timeout, metadata=metadata)
    except grpc.RpcError as error:
        return error.code().name
    return "OK"


@pytest.fixture(scope="module")
def logging_server(saved_models):
    with EmbeddedServer(
        {"demo": saved_models / "demo", "single": saved_models / "single"},
        observing=Observing(log_requests=True),
    ) as server:
        yield server


@pytest.fixture
def lines(caplog):
    """A function: the fields of the request lines so far."""
    caplog.set_level(logging.INFO)

    def read():
        for record in caplog.records:
            json.loads(JsonFormatter().format(record))
        found = [r.fields for r in caplog.records if getattr(r, "event", "") == "request"]
        assert str(SECRET) not in str(found)
        return found

    return read


def test_a_predict_call_is_one_line(logging_server, lines):
    with GrpcClient(logging_server.grpc_address) as client:
        call = client.prediction.Predict.with_call
        request = predict_request("demo", {"x": X, "epsilon": np.float32(1)}, version=2)
        response, done = call(request, timeout=TIMEOUT, metadata=[("x-request-id", "abc-1")])
    assert dict(done.trailing_metadata())["x-request-id"] == "abc-1"
    (line,) = lines()
    assert line.pop("peer").startswith("ipv4:127.0.0.1:")
    assert line.pop("milliseconds") > 0
    assert line == {
        "request_id": "abc-1", "api": "Predict", "entrypoint": "GRPC", "model": "demo",
        "version": 2, "signature": "serving_default", "status": "OK", "batch": 2,
        "bytes_in": request.ByteSize(), "bytes_out": response.ByteSize(),
    }  # fmt: skip


def test_a_rest_request_is_one_line(logging_server, lines):
    body = json.dumps({"instances": [[SECRET, 2]], "signature_name": "pixels"}).encode()
    client = RestClient(logging_server.rest_address)
    status, _, answer = client.call(
        "POST", "/v1/models/single:predict", body, {"X-Request-Id": "r/2"}
    )
    assert status == 400
    (line,) = lines()
    assert line.pop("peer").startswith("127.0.0.1:") and line.pop("milliseconds") > 0
    assert line == {
        "request_id": "r/2", "api": "Predict", "entrypoint": "REST", "model": "single",
        "version": 1, "signature": "pixels", "status": "INVALID_ARGUMENT", "batch": None,
        "bytes_in": len(body), "bytes_out": len(answer),
    }  # fmt: skip


def test_an_id_is_made_up_where_none_or_none_proper_was_sent(logging_server, lines):
    client = RestClient(logging_server.rest_address)
    client.call("GET", "/v1/models/single", headers={"X-Request-Id": "no spaces please"})
    client.call("GET", "/v1/models/single", headers={"X-Request-Id": "x" * 129})
    client.call("GET", "/v1/models/single")
    ids = [line["request_id"] for line in lines()]
    assert len(set(ids)) == 3 and all(len(sent) == 32 for sent in ids)


def test_a_failed_call_gets_its_id_back_too(logging_server, lines):
    with GrpcClient(logging_server.grpc_address) as client, pytest.raises(grpc.RpcError) as caught:
        client.prediction.Predict(
            predict_request("nope\nstatus=OK", {"x": X}),
            timeout=TIMEOUT,
            metadata=[("x-request-id", "abc-2")],
        )
    assert dict(caught.value.trailing_metadata())["x-request-id"] == "abc-2"
    (line,) = lines()
    assert (line["status"], line["model"]) == ("NOT_FOUND", "nope\nstatus=OK")


def test_lines_are_off_by_default(grpc_client, lines):
    grpc_client.status("demo")
    assert lines() == []


def record(message, **extra):
    made = logging.LogRecord("name", logging.WARNING, "", 0, message, (), None)
    made.created = 0.5
    made.__dict__.update(extra)
    return made


def test_formats():
    fields = {"model": "a b\nstatus=OK", "status": "NOT_FOUND", "batch": None, "milliseconds": 1.5}
    event = record("request", event="request", fields=fields)
    assert TextFormatter().format(event) == (
        '1970-01-01T00:00:00.500Z WARNING request model="a b\\nstatus=OK" status=NOT_FOUND '
        "milliseconds=1.5"
    )
    assert json.loads(JsonFormatter().format(event)) == {
        "time": "1970-01-01T00:00:00.500Z", "level": "WARNING", "event": "request", **fields,
    }  # fmt: skip
    assert "\n" not in JsonFormatter().format(event)
    plain = json.loads(JsonFormatter().format(record("two\nlines")))
    assert (plain["event"], plain["message"]) == ("message", "two\nlines")


def test_a_surprise_is_logged_with_its_traceback_beside_the_request(
    logging_server, lines, caplog, monkeypatch
):
    def fail(*args, **kwargs):
        raise RuntimeError("surprise")

    monkeypatch.setattr(logging_server.manager, "version_states", fail)
    with GrpcClient(logging_server.grpc_address) as client, pytest.raises(grpc.RpcError) as caught:
        client.status("single")
    assert caught.value.code() == grpc.StatusCode.INTERNAL
    (line,) = lines()
    assert line["status"] == "INTERNAL" and "surprise" not in str(line)
    (logged,) = [r for r in caplog.records if r.exc_info]
    assert "surprise" in json.loads(JsonFormatter().format(logged))["traceback"]
