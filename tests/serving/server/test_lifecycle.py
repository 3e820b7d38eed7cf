"""Versions come and go under a running server, and answers go on."""

import shutil
import threading
import time

import grpc
import numpy as np
import pytest

from serving.errors import ServerFailure, ServingError
from serving.server.embedded import EmbeddedServer
from serving.server.errors import StatusError
from serving.server.manager import ModelConfig
from serving.server.servable import AVAILABLE, END, LOADING, UNLOADING, Servable
from serving.server.served_model import ServedModel
from serving.server.versions import All, Latest, Specific, parse_version, versions_on_disk
from tests.serving.server.clients import GrpcClient, floats

INPUTS = {"x": floats([1, 1]), "epsilon": np.float32(0)}
POLL = 0.05


def serve(base_path, **settings):
    return EmbeddedServer({"demo": base_path}, rest_port=None, poll_seconds=POLL, **settings)


def states(client):
    return {version.version: version.state for version in client.status("demo")}


def wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def requests_under_way(server):
    return sum(servable.users for servable in server.manager.version_states("demo"))


class StubModel:
    closed = False

    def close(self):
        self.closed = True


def test_a_model_is_freed_when_its_last_user_leaves():
    model = StubModel()
    servable = Servable("demo", 1, "path")
    servable.load(lambda path: model)
    with servable.use() as first, servable.use() as second:
        assert first is second is model
        servable.unload()
        assert (servable.state, servable.users, model.closed) == (UNLOADING, 2, False)
        with servable.use() as late:
            assert late is None
    assert (servable.state, servable.users, model.closed) == (END, 0, True)


def test_a_request_is_not_lost_to_a_swap_between_two_looks(tmp_path, monkeypatch):
    """The new version is looked at while it loads, the old one when it is gone already."""
    for version in ("1", "2"):
        (tmp_path / version).mkdir()
    model = ServedModel(ModelConfig(name="demo", base_path=str(tmp_path), policy=All()))
    model.look()
    model.load(lambda path: StubModel())
    old, new = model.servables
    new.state = LOADING
    use = Servable.use

    def swap_before_the_old_one(servable):
        if servable is old and new.state == LOADING:
            new.state = AVAILABLE
            old.unload()
        return use(servable)

    monkeypatch.setattr(Servable, "use", swap_before_the_old_one)
    with model.lend() as (version, _):
        assert version == 2
    new.unload()
    with pytest.raises(StatusError, match="Servable not found for request: Latest"):
        with model.lend():
            pass


@pytest.fixture
def two_versions(saved_models, tmp_path):
    """A base path with version 1, and a function that publishes version 2 beside it."""
    base = tmp_path / "demo"
    shutil.copytree(saved_models / "demo" / "1", base / "1")

    def publish(source=2, version=2):
        shutil.copytree(saved_models / "demo" / str(source), base / f"tmp-{version}")
        (base / f"tmp-{version}").rename(base / str(version))

    return base, publish


def test_the_new_version_takes_over_without_a_gap(two_versions):
    base, publish = two_versions
    answers, stop = [], threading.Event()
    with serve(base) as server, GrpcClient(server.grpc_address) as client:

        def ask():
            while not stop.is_set():
                response = client.predict(inputs=INPUTS)
                version = response.model_spec.version.value
                answers.append((version, response.outputs["y"].float_val[0]))

        thread = threading.Thread(target=ask)
        thread.start()
        publish()
        server.wait_ready(version=2)
        wait_for(lambda: answers[-1][0] == 2)
        stop.set()
        thread.join()
        # Every call was answered, by one version or the other and never by a mixture.
        assert set(answers) == {(1, 2.0), (2, 4.0)}
        wait_for(lambda: states(client) == {1: END, 2: AVAILABLE})
        # Removing the newest directory goes back to the one before.
        shutil.rmtree(base / "2")
        wait_for(lambda: states(client) == {1: AVAILABLE, 2: END})
        assert client.predict(inputs=INPUTS).model_spec.version.value == 1


def test_a_request_under_way_ends_on_the_version_it_began_on(two_versions):
    base, publish = two_versions
    with serve(base) as server, GrpcClient(server.grpc_address) as client:
        results = []
        steps = {"steps": np.array([4000], np.int32)}
        slow = threading.Thread(
            target=lambda: results.append(client.predict(inputs=steps, signature="slow"))
        )
        slow.start()
        wait_for(lambda: requests_under_way(server))
        publish()
        server.wait_ready(version=2)
        assert client.predict(inputs=INPUTS).model_spec.version.value == 2
        slow.join()
        assert results[0].model_spec.version.value == 1
        assert list(results[0].outputs["steps"].int_val) == [4000]
        wait_for(lambda: states(client)[1] == END)


def test_a_version_that_fails_to_load_leaves_the_old_one_serving(two_versions):
    base, publish = two_versions
    with serve(base) as server, GrpcClient(server.grpc_address) as client:
        (base / "2").mkdir()
        wait_for(lambda: states(client) == {1: AVAILABLE, 2: END})
        (failed,) = client.status("demo", version=2)
        assert failed.status.error_code == grpc.StatusCode.NOT_FOUND.value[0]
        assert "does not appear to contain a SavedModel" in failed.status.error_message
        with pytest.raises(ServerFailure, match="does not appear"):
            server.wait_ready(version=2)
        assert client.predict(inputs=INPUTS).model_spec.version.value == 1
        # Filling it later goes unnoticed while the number stays; a new number is seen.
        shutil.copytree(base / "1", base / "2", dirs_exist_ok=True)
        time.sleep(10 * POLL)
        assert states(client)[2] == END
        publish(version=3)
        server.wait_ready(version=3)
        wait_for(lambda: states(client)[1] == END)


def test_a_number_that_went_and_came_back_is_loaded_again(two_versions):
    base, publish = two_versions
    with serve(base) as server, GrpcClient(server.grpc_address) as client:
        (base / "2").mkdir()
        wait_for(lambda: states(client).get(2) == END)
        (base / "2").rmdir()
        time.sleep(10 * POLL)
        publish()
        wait_for(lambda: states(client)[2] == AVAILABLE)
        assert client.predict(inputs=INPUTS).model_spec.version.value == 2
        assert server.names == ["demo"]


def test_a_base_path_that_is_away_keeps_the_model(two_versions):
    base, _ = two_versions
    with serve(base) as server, GrpcClient(server.grpc_address) as client:
        base.rename(base.with_name("away"))
        time.sleep(10 * POLL)
        assert client.predict(inputs=INPUTS).model_spec.version.value == 1
        # An empty base path, though, is a wish: nothing is to be served.
        base.mkdir()
        wait_for(lambda: states(client) == {1: END})
        with pytest.raises(grpc.RpcError) as caught:
            client.predict(inputs=INPUTS)
        assert caught.value.details() == "Servable not found for request: Latest(demo)"


def test_stop_answers_what_is_under_way(two_versions):
    base, _ = two_versions
    server = serve(base).start()
    results = []
    with GrpcClient(server.grpc_address) as client:
        steps = {"steps": np.array([3000], np.int32)}
        slow = threading.Thread(
            target=lambda: results.append(client.predict(inputs=steps, signature="slow"))
        )
        slow.start()
        wait_for(lambda: requests_under_way(server))
        server.stop()
        slow.join()
        assert list(results[0].outputs["steps"].int_val) == [3000]
        with pytest.raises(grpc.RpcError) as caught:
            client.predict(inputs=INPUTS)
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("policy", "served"),
    [(Latest(), [2]), (Latest(2), [1, 2]), (All(), [1, 2]), (Specific((1, 9)), [1])],
)
def test_policies(saved_models, policy, served):
    config = ModelConfig(name="demo", base_path=str(saved_models / "demo"), policy=policy)
    with EmbeddedServer([config], rest_port=None) as server:
        with GrpcClient(server.grpc_address) as client:
            assert states(client) == dict.fromkeys(served, AVAILABLE)


def test_start_up_says_what_is_missing(tmp_path, saved_models):
    with pytest.raises(ServingError, match="cannot read base path .*nowhere"):
        EmbeddedServer({"m": tmp_path / "nowhere"}).start()
    with pytest.raises(ServingError, match="no version of model 'm' to serve"):
        EmbeddedServer({"m": tmp_path}).start()
    (tmp_path / "1").mkdir()
    with pytest.raises(ServingError, match="did not become available: version 1: NOT_FOUND"):
        EmbeddedServer({"m": tmp_path}).start()
    demo = str(saved_models / "demo")
    labelled = ModelConfig(name="m", base_path=demo, labels={"old": 1})
    with pytest.raises(ServingError, match="label to version 1 of model m, which is not curr"):
        EmbeddedServer([labelled]).start()
    with EmbeddedServer([labelled], unavailable_labels=True, rest_port=None) as server:
        with GrpcClient(server.grpc_address) as client, pytest.raises(grpc.RpcError) as caught:
            client.predict("m", INPUTS, label="old")
    assert caught.value.details() == "Servable not found for request: Specific(m, 1)"


def test_a_taken_port_is_said(saved_models):
    models = {"single": saved_models / "single"}
    with EmbeddedServer(models) as server:
        grpc_port = int(server.grpc_address.split(":")[1])
        rest_port = int(server.rest_address.split(":")[2])
        with pytest.raises(ServingError, match="another --port"):
            EmbeddedServer(models, port=grpc_port).start()
        with pytest.raises(ServingError, match="another --rest_api_port"):
            EmbeddedServer(models, rest_port=rest_port).start()


def test_a_version_is_a_directory_named_by_an_int64(tmp_path):
    for name in ("1", "00123", "tmp-3", ".tmp", "1.5", "x1", "９", str(2**63), "+7"):
        (tmp_path / name).mkdir()
    (tmp_path / "55").write_text("a file")
    assert sorted(versions_on_disk(tmp_path)) == [1, 7, 123]
    assert versions_on_disk(tmp_path)[123].endswith("00123")
    assert parse_version(str(2**63 - 1)) == 2**63 - 1
