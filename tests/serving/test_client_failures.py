"""Servers that are down, slow, busy, dying or no model servers at all: one sentence each."""

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from serving import retries
from serving.client import ReIDClient
from serving.errors import (
    AccessDenied,
    BadRequest,
    DeadlineExceeded,
    RequestTooLarge,
    ServerBusy,
    ServerFailure,
    ServerUnavailable,
    ServingError,
)
from tests.serving import fake_server
from tests.serving.faces import FACES, SERVERS
from tests.serving.fake_server import SIZE, Failure

IMAGES = np.zeros([2, *SIZE, 3], np.uint8)
SCHEMES = ["", "http://"]


@pytest.fixture
def model():
    return fake_server.FakeModel()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Failures are repeated at once."""
    monkeypatch.setattr(retries, "FIRST_SECONDS", 0.01)


def free_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def raw_server(answer):
    """Yields "localhost:port"; calls `answer` with each connection that is made."""
    with socket.create_server(("localhost", 0)) as listener:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError):
                        answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield f"localhost:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("scheme", SCHEMES)
class TestOverBoth:
    def test_a_server_that_is_down(self, scheme):
        start = time.monotonic()
        address = f"localhost:{free_port()}"
        with ReIDClient(scheme + address, timeout=30) as client:
            with pytest.raises(ServerUnavailable, match=f"{address} is not available") as error:
                client.embed(IMAGES)
        assert "\n" not in str(error.value)
        assert time.monotonic() - start < 15

    def test_a_host_that_does_not_exist(self, scheme):
        with ReIDClient(scheme + "no-such-host.invalid:8500", timeout=30) as client:
            with pytest.raises(ServerUnavailable, match="no-such-host.invalid"):
                client.status()

    def test_a_server_that_closes_the_connection_mid_call(self, scheme):
        def answer(connection):
            connection.recv(100)

        with raw_server(answer) as address, ReIDClient(scheme + address, timeout=10) as client:
            with pytest.raises(ServerUnavailable, match="is not available"):
                client.status()

    def test_a_server_that_never_answers(self, scheme):
        silence = threading.Event()
        with raw_server(lambda _: silence.wait(10)) as address:
            with ReIDClient(scheme + address, timeout=0.5) as client:
                with pytest.raises((DeadlineExceeded, ServerUnavailable)):
                    client.status()
            silence.set()

    def test_a_server_that_speaks_another_language(self, scheme):
        def answer(connection):
            connection.recv(100)
            connection.sendall(b"220 smtp.example.org ESMTP\r\n")

        with raw_server(answer) as address, ReIDClient(scheme + address, timeout=10) as client:
            with pytest.raises(ServerUnavailable):
                client.status()


# Status and words as a model server sends them -> the error that the caller can catch.
STATUSES = {
    "INVALID_ARGUMENT": ("Expects arg[0] to be float", BadRequest),
    "FAILED_PRECONDITION": ("Could not find variable", BadRequest),
    "UNAUTHENTICATED": ("who are you", AccessDenied),
    "PERMISSION_DENIED": ("not you", AccessDenied),
    "DEADLINE_EXCEEDED": ("too late", DeadlineExceeded),
    "UNAVAILABLE": ("The batch scheduling queue .. is full; currently 9", ServerBusy),
    "INTERNAL": ("XLA compilation disabled", ServerFailure),
    "UNIMPLEMENTED": ("no such method", ServerFailure),
}


@pytest.mark.parametrize(("server", "face"), FACES.values(), ids=FACES)
class TestErrors:
    @pytest.mark.parametrize("status", STATUSES)
    def test_a_status_has_one_type_over_both(self, model, server, face, status):
        words, kind = STATUSES[status]
        with server(model) as address, face(address, timeout=10) as client:
            client.describe()
            model.failures = [Failure(status, words + "\n\t [[{{node StatefulCall}}]]")] * 5
            with pytest.raises(ServingError) as error:
                client.embed(IMAGES)
        assert type(error.value) is kind
        assert "node" not in str(error.value)
        assert words in str(error.value) or kind is DeadlineExceeded

    def test_a_slow_answer_meets_the_deadline(self, model, server, face):
        with server(model) as address, face(address, timeout=0.3) as client:
            client.describe()
            model.delay = 2
            start = time.monotonic()
            with pytest.raises(DeadlineExceeded, match="no answer .* within 0.3 seconds"):
                client.embed(IMAGES)
            assert time.monotonic() - start < 1.5

    def test_a_batch_above_the_servers_maximum(self, model, server, face):
        words = "Task size 17 is larger than maximum input batch size 16"
        with server(model) as address, face(address, timeout=10) as client:
            client.describe()
            model.failures = [Failure("INVALID_ARGUMENT", words)]
            with pytest.raises(RequestTooLarge, match="Task size 17.*send less at a time"):
                client.embed(IMAGES)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_readiness_of_a_server_that_never_answers(scheme):
    silence = threading.Event()
    with raw_server(lambda _: silence.wait(10)) as address:
        with ReIDClient(scheme + address, timeout=60) as client:
            start = time.monotonic()
            with pytest.raises(ServerUnavailable):
                client.wait_ready(timeout=0.3)
            assert time.monotonic() - start < 10
        silence.set()


class TestGrpc:
    def test_a_message_above_the_servers_limit(self, model):
        limit = [("grpc.max_receive_message_length", 100)]
        with fake_server.grpc_server(model, options=limit) as address:
            with ReIDClient(address, timeout=30) as client:
                client.describe()
                with pytest.raises(RequestTooLarge, match="larger than max.*send less"):
                    client.embed(IMAGES)

    def test_an_answer_above_grpcs_default_of_4_mib_arrives(self, model):
        model.edit = lambda outputs: {"embeddings": np.zeros([2, 2**20], np.float32)}
        with fake_server.grpc_server(model) as address, ReIDClient(address, timeout=10) as client:
            model.edit, edit = (lambda outputs: outputs), model.edit
            client.describe()
            model.edit = edit
            assert client.embed(IMAGES).shape == (2, 2**20)

    def test_a_server_that_comes_back_is_found_again(self, model):
        with fake_server.grpc_server(model) as address:
            client = ReIDClient(address, timeout=30)
            client.status()
        with pytest.raises(ServerUnavailable):
            client.status()
        with fake_server.grpc_server(model, port=address.rpartition(":")[2]):
            client.wait_ready(timeout=20)
        client.close()

    def test_a_rest_address_without_its_scheme(self, model):
        with fake_server.rest_server(model) as url:
            with ReIDClient(url.removeprefix("http://"), timeout=10) as client:
                with pytest.raises(ServerUnavailable):
                    client.status()


class TestRest:
    def test_something_else_that_speaks_http(self):
        page = b"<html>it works</html>"

        def answer(connection):
            connection.recv(10_000)
            head = b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n" % len(page)
            connection.sendall(head + page)

        with raw_server(answer) as address, ReIDClient(f"http://{address}", timeout=10) as client:
            with pytest.raises(ServerFailure, match="HTTP 404 without JSON"):
                client.status()

    @pytest.mark.parametrize(
        ("status", "kind", "says"),
        [
            (413, RequestTooLarge, "above a limit .*HTTP 413.*send less at a time"),
            (504, DeadlineExceeded, "no answer from"),
        ],
    )
    def test_a_proxy_that_refuses_in_html(self, status, kind, says):
        def answer(connection):
            connection.recv(10_000)
            connection.sendall(b"HTTP/1.1 %d No\r\nContent-Length: 6\r\n\r\n<html>" % status)

        with raw_server(answer) as address, ReIDClient(f"http://{address}", timeout=10) as client:
            with pytest.raises(kind, match=says):
                client.status()

    def test_the_servers_own_timeout_is_not_taken_for_the_clients(self, model):
        with fake_server.rest_server(model) as address, ReIDClient(address) as client:
            client.describe()
            model.failures = [Failure("DEADLINE_EXCEEDED", "Timed out")]
            with pytest.raises(
                DeadlineExceeded, match=r"gave the request up \(Timed out\).*rest_api_timeout_in_ms"
            ) as error:
                client.embed(IMAGES)
            assert "60" not in str(error.value) and error.value.status == "DEADLINE_EXCEEDED"

    @pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b""])
    def test_an_answer_that_dribbles(self, head):
        def answer(connection):
            connection.recv(10_000)
            connection.sendall(head or b"HTTP/1.1 200 OK\r\nX-Slow: ")
            for _ in range(40):
                time.sleep(0.1)
                connection.sendall(b"x")

        start = time.monotonic()
        with raw_server(answer) as address, ReIDClient(f"http://{address}", timeout=0.5) as client:
            with pytest.raises(DeadlineExceeded, match="within 0.5 seconds"):
                client.status()
        assert time.monotonic() - start < 3

    def test_half_an_answer(self):
        def answer(connection):
            connection.recv(10_000)
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"model_ver')

        with raw_server(answer) as address, ReIDClient(f"http://{address}", timeout=10) as client:
            with pytest.raises(ServerUnavailable, match="not available"):
                client.status()

    def test_a_grpc_address_with_a_scheme(self, model):
        with fake_server.grpc_server(model) as address:
            with ReIDClient(f"http://{address}", timeout=10) as client:
                with pytest.raises((ServerUnavailable, DeadlineExceeded)):
                    client.status()


SERVER_PROCESS = """
import time
from tests.serving import fake_server
from tests.serving.faces import FACES, SERVERS

class Hanging(fake_server.FakeModel):
    def predict(self, model, signature, inputs):
        if signature == "embed":
            print("working", flush=True)
            time.sleep(30)
        return super().predict(model, signature, inputs)

model = Hanging()
with fake_server.grpc_server(model) as grpc, fake_server.rest_server(model) as rest:
    print(grpc, rest, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("which", [0, 1], ids=SERVERS)
def test_a_server_killed_mid_call(which):
    process = subprocess.Popen([sys.executable, "-c", SERVER_PROCESS], stdout=subprocess.PIPE)
    try:
        address = process.stdout.readline().decode().split()[which]
        with ReIDClient(address, timeout=60) as client:
            client.describe()

            def kill():
                process.stdout.readline()
                process.send_signal(signal.SIGKILL)

            killer = threading.Thread(target=kill)
            killer.start()
            start = time.monotonic()
            with pytest.raises(ServerUnavailable, match="is not available") as error:
                client.embed(IMAGES)
            killer.join()
        assert time.monotonic() - start < 20
        assert "\n" not in str(error.value)
    finally:
        process.kill()
        process.wait()


ADDRESSES = [
    "",
    "localhost",
    "localhost:",
    ":8500",
    "localhost:99999",
    "localhost:0",
    "localhost:x",
]
ADDRESSES += [
    "ftp://localhost:21",
    "http://",
    "http://localhost:0",
    "http://localhost:x",
    "a b:1 /",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(BadRequest, match="is no address of a model server"):
        ReIDClient(address)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (dict(model=""), "model must name"),
        (dict(timeout=0), "timeout must be positive"),
        (dict(timeout=float("nan")), "timeout must be positive"),
        (dict(batch_size=0), "batch_size must be at least 1"),
    ],
)
def test_settings_that_cannot_work_are_refused(arguments, says):
    with pytest.raises(BadRequest, match=says):
        ReIDClient("localhost:8500", **arguments)


def test_a_request_that_no_message_can_hold(model, monkeypatch):
    monkeypatch.setattr("serving.calls.MAX_REQUEST_BYTES", 100)
    with fake_server.grpc_server(model) as address, ReIDClient(address, timeout=10) as client:
        with pytest.raises(RequestTooLarge, match="2 images make a request .* lower batch_size"):
            client.embed(IMAGES)
