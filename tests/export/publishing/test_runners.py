"""Model servers as processes: chosen, started, waited for, read, stopped."""

import contextlib
import sys
import types

import pytest

from export.publishing.runners.choice import choose
from export.publishing.runners.docker import DockerRunner
from export.publishing.runners.local import BinaryRunner, EmbeddedRunner
from export.publishing.runners.process import PortTaken, ProcessRunner, ServerDown
from keras_reid.errors import ReIDError
from tests.serving.fake_server import FakeModel, grpc_server


@pytest.fixture
def bin(tmp_path, monkeypatch):
    """A folder that is all of PATH, and a function that puts a shell script there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(name, text):
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
        return str(folder / name)

    return put


def test_auto_takes_the_binary_where_there_is_one(bin):
    assert choose("auto") is EmbeddedRunner
    path = bin("tensorflow_model_server", "exit 0")
    assert choose("auto")("base", ["reid"]).program == (path,)
    assert choose("embedded") is EmbeddedRunner
    other = bin("mine", "exit 0")
    assert choose("auto", binary=other)("base", ["reid"]).program == (other,)


@pytest.mark.parametrize(
    "kind,binary,said",
    [("binary", None, "not on PATH"), ("auto", "/nowhere/server", "no program that can be run")],
)
def test_a_binary_that_is_not_there(bin, kind, binary, said):
    with pytest.raises(ReIDError, match=said):
        choose(kind, binary=binary)


def test_docker_that_is_not_there_or_not_running(bin, tmp_path):
    runner = choose("docker", image="tensorflow/serving:2.21.0")(tmp_path, ["reid"])
    with pytest.raises(ReIDError, match="there is no docker on this machine"):
        runner.version()
    bin("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    with pytest.raises(ReIDError, match="its daemon does not answer"):
        runner.version()
    bin("docker", "echo 29.1")
    assert runner.version() == "tensorflow/serving:2.21.0"


def test_the_container_sees_the_base_and_nobody_else_sees_the_container(tmp_path):
    runner = DockerRunner(tmp_path, ["reid", "reid_encoded"], "image:1")
    runner.port = 1234
    words = runner.command()
    assert "--publish=127.0.0.1:1234:8500" in words
    assert f"--volume={tmp_path}:/models:ro" in words
    assert words[words.index("image:1") + 1 :][0] == "--model_config_file=/models/models.config"
    config = (tmp_path / "models.config").read_text()
    assert 'base_path: "/models/reid"' in config and 'name: "reid_encoded"' in config


def started(runner):
    runner.start()
    return contextlib.closing(types.SimpleNamespace(close=runner.stop))


@pytest.mark.parametrize(
    "text,kind", [("no model here", ServerDown), ("bind: Address already in use", PortTaken)]
)
def test_a_server_that_ends_at_its_start_is_noticed_at_once(bin, tmp_path, text, kind):
    runner = BinaryRunner(tmp_path, ["reid"], bin("server", f"echo '{text}' >&2; exit 3"))
    with started(runner):
        with pytest.raises(kind, match="ended with code 3") as raised:
            runner.wait_running(60)
        assert type(raised.value) is kind
        assert runner.logs() == f"{text}\n"


def test_a_server_that_never_opens_its_port_is_stopped(tmp_path):
    class Waiting(ProcessRunner):
        def command(self):
            return [sys.executable, "-c", "import threading; threading.Event().wait()"]

    runner = Waiting(tmp_path, ["reid"])
    with started(runner):
        with pytest.raises(ServerDown, match="did not open its port in 1 s"):
            runner.wait_running(1)
    with pytest.raises(ServerDown, match="ended with code"):
        runner.wait_running(1)


@pytest.mark.parametrize(
    "versions,said",
    [
        ([(1, "AVAILABLE", "")], None),
        ([(1, "END", "no variables")], "can't be served: no variables"),
        ([(1, "LOADING", "")], "was not loaded in 1 seconds"),
    ],
)
def test_end_is_told_at_once_and_loading_is_waited_for(tmp_path, versions, said):
    model = FakeModel()
    model.versions = versions
    with grpc_server(model) as address:
        runner = EmbeddedRunner(tmp_path, ["reid"])
        runner.port = int(address.rpartition(":")[2])
        runner._process = types.SimpleNamespace(poll=lambda: None)  # it lives
        if said is None:
            runner.wait_loaded(1)
        else:
            with pytest.raises(ServerDown, match=said):
                runner.wait_loaded(60 if "END" in str(versions) else 1)


def test_the_version_of_a_binary_is_recorded(bin, tmp_path):
    path = bin("server", "echo 'TensorFlow ModelServer: 2.21.0'; echo 'TensorFlow Library: 2.21'")
    assert BinaryRunner(tmp_path, [], path).version() == "TensorFlow ModelServer: 2.21.0"
    assert "on TensorFlow" in EmbeddedRunner(tmp_path, []).version()
