"""SIGTERM: what is under way is answered, nothing new is taken, and a second one is obeyed."""

import http.client
import json
import re
import signal
import socket
import threading
import types

import grpc
import numpy as np
import pytest
from tensorflow_serving.apis import get_model_status_pb2

from serving.messages import SSLConfig
from serving.server.embedded import EmbeddedServer
from serving.server.exposure import remarks
from serving.server.options import Security
from tests.commands import start
from tests.serving.server import tiny_models
from tests.serving.server.clients import TIMEOUT, GrpcClient, RestClient, predict_request

TOKEN = "a-secret-token"
BEARER = [("authorization", f"Bearer {TOKEN}"), ("x-request-id", "the-slow-one")]
ENDLESS = 10**6  # a quarter of an hour
TENSORFLOWS = re.compile(r"[IWEF]\d{4} |WARNING: All log messages before absl|\d{4}-\d\d-\d\d ")
READY = re.compile(r"ready: gRPC (localhost:\d+), REST (\S+),")


@pytest.fixture(scope="module")
def base_path(tmp_path_factory):
    base = tmp_path_factory.mktemp("shutdown") / "demo"
    tiny_models.save(tiny_models.Affine(), base, names={"serving_default": "slow"})
    return base


class Running:
    """A server with a slow request under way."""

    def __init__(self, base_path, folder, steps, *more):
        (folder / "tokens").write_text(TOKEN)
        (folder / "monitoring").write_text("prometheus_config { enable: true path: '/metrics' }")
        self.process = start(
            "serving.serve", "--model_name=demo", f"--model_base_path={base_path}", "--port=0",
            f"--rest_api_port={free_port()}", "--log_format=json", "--log_requests",
            f"--token_file={folder / 'tokens'}", "--enable_grpc_healthcheck_service",
            f"--monitoring_config_file={folder / 'monitoring'}", *more,
        )  # fmt: skip
        self.events = []
        try:
            self.wait_for_work(steps)
        except BaseException:
            self.process.kill()
            raise

    def wait_for_work(self, steps):
        ready = READY.match(self.until("ready")["message"])
        self.client = GrpcClient(ready[1])
        self.rest = RestClient(ready[2])
        self.ask(steps)
        while b'requests_in_progress{entrypoint="GRPC"} 1' not in self.metrics():
            if self.answer.done():  # sooner than it could be seen
                self.answer.result()
                self.ask(steps)

    def ask(self, steps):
        request = predict_request("demo", {"steps": np.array([steps], np.int32)})
        self.answer = self.client.prediction.Predict.future(
            request, timeout=10 * TIMEOUT, metadata=BEARER
        )

    def until(self, event):
        """The next announcement of this kind."""
        for line in self.process.stdout:
            self.events.append(json.loads(line))
            if self.events[-1]["event"] == event:
                return self.events[-1]
        raise AssertionError(self.process.stderr.read())

    def metrics(self):
        return self.rest.call("GET", "/metrics", headers={"Authorization": BEARER[0][1]})[2]

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.client.channel.close()
        self.process.kill()
        self.process.communicate()


def free_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def test_sigterm_answers_what_is_under_way_and_nothing_new(base_path, tmp_path):
    with Running(base_path, tmp_path, 3000) as running:
        assert "tokens are asked for" in running.events[0]["message"]
        running.process.send_signal(signal.SIGTERM)
        running.until("stop")
        with pytest.raises(grpc.RpcError) as caught:
            while True:  # until the signal has come all the way
                running.client.model.GetModelStatus(
                    status_request(), timeout=TIMEOUT, metadata=BEARER
                )
        # CANCELLED where it crossed the server's farewell on the way.
        assert caught.value.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
        assert list(running.answer.result().outputs["steps"].int_val) == [3000]
        _, logged = running.process.communicate(timeout=60)
        assert running.process.returncode == 0
    # Every line is JSON, save TensorFlow's own; the request is among them, the token is not.
    plain = [line for line in logged.splitlines() if not line.startswith("{")]
    assert all(TENSORFLOWS.match(line) for line in plain), plain
    lines = [json.loads(line) for line in logged.splitlines() if line not in plain]
    asked = [line for line in lines if line.get("request_id") == "the-slow-one"]
    slow = [line for line in asked if line["api"] == "Predict"][-1]
    assert (slow["event"], slow["status"], slow["model"], slow["version"]) == (
        "request", "OK", "demo", 1,
    )  # fmt: skip
    assert TOKEN not in logged


def test_what_takes_longer_than_the_grace_is_cut_off(base_path, tmp_path):
    with Running(base_path, tmp_path, ENDLESS, "--shutdown_grace_seconds=0.1") as running:
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=60) == 0
        assert "were cut off" in running.process.stdout.read()
        assert running.answer.code() in (grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE)


def test_a_second_signal_ends_it_at_once(base_path, tmp_path):
    with Running(base_path, tmp_path, ENDLESS) as running:
        running.process.send_signal(signal.SIGTERM)
        running.until("stop")
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(timeout=60) == 128 + signal.SIGINT


def status_request():
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "demo"
    return request


def test_a_kept_connection_is_told_that_the_server_stops(base_path):
    """In process: a REST connection that is kept open asks once more during the drain."""
    server = EmbeddedServer({"demo": base_path}, health_service=True).start()
    place = server.rest_address.removeprefix("http://")
    connection = http.client.HTTPConnection(place, timeout=TIMEOUT)
    with GrpcClient(server.grpc_address) as client:
        connection.request("GET", "/v1/models/demo")
        assert connection.getresponse().read()
        request = predict_request("demo", {"steps": np.array([1500], np.int32)})
        slow = client.prediction.Predict.future(request, timeout=TIMEOUT)
        (servable,) = server.manager.version_states("demo")
        while not servable.users:
            assert not slow.done()
        complete = []
        stopping = threading.Thread(target=lambda: complete.append(server.stop()))
        stopping.start()
        http_server = server._doors._http
        while not http_server.draining:
            assert stopping.is_alive()
        connection.request("GET", "/v1/models/demo")
        answer = connection.getresponse()
        assert answer.status == 503 and b"shutting down" in answer.read()
        assert slow.result().outputs["steps"].int_val
        stopping.join()
    connection.close()
    assert complete == [True]


def test_nobody_else_can_reach_a_server_unless_told(base_path):
    with EmbeddedServer({"demo": base_path}) as server:
        assert not server.is_exposed and server.grpc_address.startswith("localhost:")
        for address in (server.grpc_address, server.rest_address):
            port = int(address.rpartition(":")[2])
            socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT).close()
            with pytest.raises(OSError):  # any other address of this machine
                socket.create_connection(("127.0.0.2", port), timeout=TIMEOUT)
    with EmbeddedServer({"demo": base_path}, host="0.0.0.0", rest_port=None) as server:
        assert server.is_exposed


TLS, MUTUAL = SSLConfig(server_key="k"), SSLConfig(server_key="k", client_verify=True)
REMARKS = {  # case: (exposed, REST, Security, words of each remark)
    "at home": (False, True, Security(), []),
    "open": (True, True, Security(), ["nobody is asked for a token"]),
    "token in the clear": (True, True, Security(token_file="t"), ["in the clear"]),
    "TLS": (True, False, Security(ssl_config=TLS), ["of any kind; REST stays plain", "nobody is"]),
    "TLS and token": (True, False, Security(ssl_config=TLS, token_file="t"), ["REST stays plain"]),
    "TLS, REST": (True, True, Security(ssl_config=TLS, token_file="t"), ["stays plain", "in the"]),
    "mutual": (True, False, Security(ssl_config=MUTUAL), ["certificate is verified; REST stays"]),
    "mutual, REST": (True, True, Security(ssl_config=MUTUAL), ["verified", "nobody is asked"]),
}


@pytest.mark.parametrize("case", REMARKS)
def test_who_starts_a_server_is_told_who_can_reach_it(case):
    exposed, rest, security, words = REMARKS[case]
    server = types.SimpleNamespace(is_exposed=exposed, rest_address="http://x" if rest else None)
    said = list(remarks(server, security, "0.0.0.0"))
    assert len(said) == len(words)
    for remark, part in zip(said, words, strict=True):
        assert part in remark
