"""Who is let in by --token_file."""

import logging
import os

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from serving.errors import ServingError
from serving.server.embedded import EmbeddedServer
from serving.server.errors import StatusError
from serving.server.options import Observing, Security
from serving.server.tokens import TokenFile
from tests.serving.server.clients import TIMEOUT, RestClient
from tests.serving.server.test_request_log import status_call

PATH = "/metrics"
GOOD = {"grpc": "Bearer first-token", "other case of the scheme": "bearer second-token"}
BAD = {
    "nothing": None,
    "empty": "",
    "another scheme": "Basic first-token",
    "no token": "Bearer ",
    "a wrong one": "Bearer third-token",
    "the start of one": "Bearer first",
    "more than one": "Bearer first-token second-token",
}


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    path = tmp_path_factory.mktemp("secrets") / "tokens"
    path.write_text("first-token\n\n  second-token \n")
    return path


@pytest.fixture(scope="module")
def guarded(saved_models, tokens):
    with EmbeddedServer(
        {"single": saved_models / "single"},
        health_service=True,
        security=Security(token_file=str(tokens)),
        observing=Observing(prometheus_path=PATH, log_requests=True),
    ) as server:
        yield server


def rest_status(server, header, path="/v1/models/single", method="GET", body=None):
    headers = {} if header is None else {"Authorization": header}
    return RestClient(server.rest_address).call(method, path, body, headers)


def grpc_status(server, header):
    with grpc.insecure_channel(server.grpc_address) as channel:
        return status_call(channel, [] if header is None else [("authorization", header)])


@pytest.mark.parametrize("case", GOOD)
def test_a_token_lets_in(guarded, case):
    assert grpc_status(guarded, GOOD[case]) == "OK"
    assert rest_status(guarded, GOOD[case])[0] == 200
    assert rest_status(guarded, GOOD[case], PATH)[0] == 200


@pytest.mark.parametrize("case", BAD)
def test_anything_else_does_not(guarded, case):
    assert grpc_status(guarded, BAD[case]) == "UNAUTHENTICATED"
    status, content_type, answer = rest_status(guarded, BAD[case])
    assert (status, content_type) == (401, "application/json") and b"token" in answer
    assert rest_status(guarded, BAD[case], PATH)[0] == 401


def test_a_body_is_not_read_for_a_stranger(guarded):
    status, _, _ = rest_status(
        guarded, None, "/v1/models/single:predict", "POST", b"[" * (8 * 2**20)
    )
    assert status == 401


def test_a_large_message_of_a_stranger_is_refused_for_its_token(guarded):
    with grpc.insecure_channel(guarded.grpc_address) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary("/tensorflow.serving.PredictionService/Predict")(
                b"\0" * (3 * 2**20), timeout=TIMEOUT
            )
    assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED


def test_health_needs_no_token(guarded):
    with grpc.insecure_channel(guarded.grpc_address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=TIMEOUT)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_no_token_is_logged(guarded, caplog):
    caplog.set_level(logging.DEBUG)
    for header in [*GOOD.values(), *BAD.values()]:
        grpc_status(guarded, header)
        rest_status(guarded, header)
    logged = "\n".join(f"{r.getMessage()} {getattr(r, 'fields', '')}" for r in caplog.records)
    assert "UNAUTHENTICATED" in logged
    assert "-token" not in logged and "Bearer" not in logged


def is_let_in(file, token):
    try:
        file.check(f"Bearer {token}")
    except StatusError as error:
        assert error.code == grpc.StatusCode.UNAUTHENTICATED
        return False
    return True


def test_the_file_is_read_again_when_it_changes(tmp_path):
    path = tmp_path / "tokens"
    path.write_text("old\n")
    file = TokenFile(path)
    assert is_let_in(file, "old") and not is_let_in(file, "new")
    draft = tmp_path / "draft"
    draft.write_text("old\nnew\n")
    os.replace(draft, path)
    assert is_let_in(file, "old") and is_let_in(file, "new")
    path.write_text("new\n")
    assert is_let_in(file, "new") and not is_let_in(file, "old")
    path.write_text("")
    assert not is_let_in(file, "new") and not is_let_in(file, "")
    path.unlink()
    assert not is_let_in(file, "new")
    path.write_text("newest\n")
    assert is_let_in(file, "newest")


def test_a_file_that_lets_nobody_in_is_refused_at_the_start(tmp_path):
    with pytest.raises(ServingError, match="cannot read --token_file .*nowhere"):
        TokenFile(tmp_path / "nowhere")
    (tmp_path / "empty").write_text("\n \n")
    with pytest.raises(ServingError, match="holds no token"):
        TokenFile(tmp_path / "empty")
