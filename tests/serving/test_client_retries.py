"""What passes is asked for again, as often as told and no more; several servers take turns."""

import contextlib
import socket
import threading

import numpy as np
import pytest

from serving import contract, retries
from serving.client import ReIDClient
from serving.errors import BadRequest, ServerBusy, ServerFailure, ServerUnavailable
from serving.grpc_options import options_of, target_of
from tests.serving import fake_server
from tests.serving.faces import CLIENTS, FACES
from tests.serving.fake_server import SIZE, Failure, embed

IMAGES = np.zeros([2, *SIZE, 3], np.uint8)
FIVE = np.random.default_rng(0).integers(0, 256, [5, *SIZE, 3]).astype(np.uint8)
EXHAUSTED = Failure("RESOURCE_EXHAUSTED", "Server Threadpool Exhausted")


@pytest.fixture
def model():
    return fake_server.FakeModel()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_SECONDS", 0.01)


@pytest.fixture(params=FACES)
def client(request, model):
    server, face = FACES[request.param]
    with server(model) as address, face(address, timeout=20) as client:
        client.describe()
        yield client


class TestOverBoth:
    @pytest.mark.parametrize("status", retries.STATUSES)
    def test_a_busy_server_is_asked_again(self, client, model, status):
        model.failures = [Failure(status, "Server Threadpool Exhausted")] * 2
        np.testing.assert_array_equal(client.embed(IMAGES), embed(IMAGES))
        assert len(model.sent(contract.EMBED)) == 3

    def test_so_is_each_of_many_parts(self, client, model):
        images = np.random.default_rng(0).integers(0, 256, [30, *SIZE, 3]).astype(np.uint8)
        model.failures = [EXHAUSTED] * 5
        np.testing.assert_array_equal(client.embed(images), embed(images))
        assert len(model.sent(contract.EMBED)) == 8 + 5

    def test_a_large_request_is_asked_again_too(self, client, model):
        # 512 KiB of guides: above gRPC's default retry buffer of 256 KiB.
        width = 2**15
        client.close()
        model.description["attacks"]["fna"] |= {"guide_size": width, "num_push": 4}
        with type(client)(client.server, timeout=20) as client:
            client.describe()
            model.failures = [EXHAUSTED] * 2
            with pytest.raises(BadRequest, match="has shape"):
                client.attack(IMAGES[:1], attack="fna", push=np.ones([4, width]))
        assert len(model.sent("attack_fna")) == 3

    def test_one_that_stays_busy_is_given_up(self, client, model):
        model.failures = [EXHAUSTED] * 99
        with pytest.raises(ServerBusy, match="is busy .*Threadpool Exhausted") as error:
            client.embed(IMAGES)
        assert error.value.status == "RESOURCE_EXHAUSTED"
        assert len(model.sent(contract.EMBED)) == retries.ATTEMPTS

    def test_other_failures_are_not_repeated(self, client, model):
        model.failures = [Failure("INTERNAL", "broken")] * 9
        with pytest.raises(ServerFailure):
            client.embed(IMAGES)
        assert len(model.sent(contract.EMBED)) == 1


class TestGrpc:
    def test_a_server_that_only_fails_is_left_alone(self, model, monkeypatch):
        # Four tokens, one less with each failure; at half of them nothing is repeated any more.
        monkeypatch.setattr(retries, "MAX_TOKENS", 4)
        with fake_server.grpc_server(model) as address, ReIDClient(address, timeout=20) as client:
            client.describe()
            model.failures = [EXHAUSTED] * 99
            for attempts in (2, 1, 1):
                model.requests.clear()
                with pytest.raises(ServerBusy):
                    client.embed(IMAGES)
                assert len(model.requests) == attempts

    def test_what_grpc_itself_refuses_is_asked_again(self, model, monkeypatch):
        """The server's pool is full, as TF Serving's: the request does not reach a model."""
        monkeypatch.setattr(retries, "FIRST_SECONDS", 0.1)
        free = threading.Event()
        with fake_server.grpc_server(model, max_calls=1) as address:
            with ReIDClient(address, batch_size=1, max_in_flight=2, timeout=20) as client:
                client.describe()
                model.gate = lambda signature, inputs: free.wait(0.15)
                client.embed(IMAGES)
        assert len(model.sent(contract.EMBED)) == 2 and model.most_underway == 1

    @pytest.mark.parametrize("face", CLIENTS.values(), ids=CLIENTS)
    def test_parts_make_room_for_one_another(self, model, face):
        """Far longer than the repetitions of one call take, and on a server for one at a time."""
        with fake_server.grpc_server(model, max_calls=1) as address:
            with face(address, batch_size=1, max_in_flight=3, timeout=20) as client:
                client.describe()
                model.gate = lambda signature, inputs: threading.Event().wait(0.3)
                found = client.embed(FIVE)
        np.testing.assert_array_equal(found, embed(FIVE))
        assert len(model.sent(contract.EMBED)) == len(FIVE) and model.most_underway == 1

    @pytest.mark.parametrize("face", CLIENTS.values(), ids=CLIENTS)
    def test_where_none_of_the_parts_is_answered_the_call_ends(self, model, face):
        with fake_server.grpc_server(model) as address:
            with face(address, batch_size=1, max_in_flight=3, timeout=20) as client:
                client.describe()
                model.failures = [EXHAUSTED] * 99
                with pytest.raises(ServerBusy):
                    client.embed(FIVE)

    def test_the_largest_burst_of_one_client_does_not_use_up_the_tokens(self):
        from serving.face import MAX_IN_FLIGHT

        assert MAX_IN_FLIGHT * retries.ATTEMPTS < retries.MAX_TOKENS / 2

    def test_pings_are_as_rare_as_servers_want_them(self):
        options = dict(options_of(target("localhost:8500")))
        assert options["grpc.keepalive_time_ms"] >= 300_000
        assert not options["grpc.keepalive_permit_without_calls"]


class TestRest:
    def test_a_connection_that_breaks_is_made_again(self):
        connections = []
        with socket.create_server(("localhost", 0)) as listener:

            def serve():
                for _ in range(retries.ATTEMPTS):
                    connection, _ = listener.accept()
                    connections.append(connection.recv(10))
                    connection.close()

            server = threading.Thread(target=serve)
            server.start()
            with ReIDClient(f"http://localhost:{listener.getsockname()[1]}") as client:
                with pytest.raises(ServerUnavailable):
                    client.status()
            server.join()
        assert len(connections) == retries.ATTEMPTS

    def test_pauses_grow_to_the_longest(self, monkeypatch):
        monkeypatch.setattr(retries, "FIRST_SECONDS", 0.8)
        pauses = list(retries.pauses())
        for pause, expected in zip(pauses, [0.8, 1.6, 2.0, 2.0], strict=True):
            assert pause == pytest.approx(expected, rel=retries.JITTER)

    def test_a_pause_beyond_the_deadline_is_not_begun(self, model, monkeypatch):
        monkeypatch.setattr(retries, "FIRST_SECONDS", 1000)
        monkeypatch.setattr(retries, "LONGEST_SECONDS", 1000)
        with fake_server.rest_server(model) as address, ReIDClient(address, timeout=20) as client:
            client.describe()
            model.failures = [EXHAUSTED]
            with pytest.raises(ServerBusy):
                client.embed(IMAGES)


def target(server):
    from serving.connection import parse

    return parse(server)


class TestSeveralServers:
    def test_they_take_turns_and_stand_in_for_each_other(self):
        models = [fake_server.FakeModel(), fake_server.FakeModel()]
        images = np.zeros([20, *SIZE, 3], np.uint8)
        with fake_server.grpc_server(models[0]) as first:
            with contextlib.ExitStack() as second:
                address = f"{first},{second.enter_context(fake_server.grpc_server(models[1]))}"
                # One at a time, so that whoever repeats a request comes to the other server.
                with ReIDClient(address, batch_size=1, max_in_flight=1, timeout=20) as client:
                    both_connected(client, models)
                    for model in models:
                        model.requests.clear()
                    client.embed(images)
                    counts = [len(model.requests) for model in models]
                    assert min(counts) >= 8 and sum(counts) == 20
                    models[1].gate = lambda signature, inputs: refuse()
                    client.embed(images)
                    second.close()
                    client.embed(images)

    def test_one_name_for_many(self, model):
        with fake_server.grpc_server(model) as address:
            with ReIDClient(f"dns:///{address}", timeout=20) as client:
                np.testing.assert_array_equal(client.embed(IMAGES), embed(IMAGES))

    def test_how_grpc_is_told(self):
        assert target_of(target("a:1")) == "a:1"
        assert target_of(target("dns:///a:1")) == "dns:///a:1"
        assert target_of(target("127.0.0.1:1,127.0.0.2:2")) == "ipv4:127.0.0.1:1,127.0.0.2:2"
        assert target_of(target("[::1]:1,[::1]:2")) == "ipv6:[::1]:1,[::1]:2"
        assert "round_robin" in dict(options_of(target("dns:///a:1")))["grpc.service_config"]
        assert "round_robin" not in dict(options_of(target("a:1")))["grpc.service_config"]

    def test_names_that_nobody_knows(self):
        with pytest.raises(ServerUnavailable, match="no-such-host.invalid:1 is not known"):
            ReIDClient("no-such-host.invalid:1,localhost:2")


def refuse():
    raise Failure("UNAVAILABLE", "draining")


def both_connected(client, models):
    """Round robin knows a server once it is connected to it."""
    for _ in range(500):
        if all(model.requests for model in models):
            return
        client.embed(IMAGES)
    raise AssertionError([len(model.requests) for model in models])


@pytest.mark.parametrize(
    "address",
    ["a:1,b", "a:1,", "a:1,http://b:2", "http://a:1,b:2", "dns:///a", "dns:///http://a:1"]
    + ["dns:///a:1,b:2", "dns://a:1"],
)
def test_what_is_no_list_of_servers_is_refused(address):
    with pytest.raises(BadRequest, match="is no address of a model server"):
        ReIDClient(address)


def test_several_servers_with_tls_need_one_name():
    from serving.credentials import Credentials

    with pytest.raises(BadRequest, match="server_name"):
        ReIDClient("a:1,b:2", credentials=Credentials(tls=True))
