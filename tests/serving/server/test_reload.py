"""A new configuration for a running server: by a call, and by a file that changes."""

import logging
import shutil

import grpc
import numpy as np
import pytest
from google.protobuf import text_format
from tensorflow_serving.apis import model_management_pb2

from serving.server.config_reload import ConfigFile
from serving.server.embedded import EmbeddedServer
from serving.server.model_config import parse_model_config
from serving.server.options import Security
from serving.server.servable import AVAILABLE, END
from tests.serving.server.clients import TIMEOUT, GrpcClient, floats

INPUTS = {"x": floats([1, 1]), "epsilon": np.float32(0)}


def config(name, base_path, more=""):
    return (
        f'config {{ name: "{name}" base_path: "{base_path}" model_platform: "tensorflow" {more} }}'
    )


def versions(*numbers):
    chosen = " ".join(f"versions: {number}" for number in numbers)
    return f"model_version_policy {{ specific {{ {chosen} }} }}"


def listed(*configs):
    return f"model_config_list {{ {' '.join(configs)} }}"


@pytest.fixture
def demo(saved_models, tmp_path):
    """A base path of its own with versions 1 and 2."""
    shutil.copytree(saved_models / "demo", tmp_path / "demo")
    return tmp_path / "demo"


@pytest.fixture
def reloading(demo):
    configs = parse_model_config(listed(config("demo", demo, versions(1))))
    security = Security(config_reload=True)
    with EmbeddedServer(configs, rest_port=None, poll_seconds=0, security=security) as running:
        yield running


@pytest.fixture
def client(reloading):
    with GrpcClient(reloading.grpc_address) as made:
        yield made


def reload(client, text):
    request = model_management_pb2.ReloadConfigRequest()
    text_format.Parse(text, request.config)
    return client.model.HandleReloadConfigRequest(request, timeout=TIMEOUT)


def refusal(client, text):
    with pytest.raises(grpc.RpcError) as caught:
        reload(client, text)
    return caught.value.code().name, caught.value.details()


def states(client, name="demo"):
    return {version.version: version.state for version in client.status(name)}


def test_the_whole_configuration_is_replaced(reloading, client, demo, saved_models):
    more = versions(1, 2) + ' version_labels { key: "stable" value: 1 }'
    single = config("single", saved_models / "single")
    assert reload(client, listed(config("demo", demo, more), single)).status.error_code == 0
    assert states(client) == {1: AVAILABLE, 2: AVAILABLE}
    assert client.predict(inputs=INPUTS, label="stable").model_spec.version.value == 1
    assert states(client, "single") == {1: AVAILABLE}
    # The label moves, the version it was on goes, and so does a model that is not listed.
    more = versions(2) + ' version_labels { key: "stable" value: 2 }'
    reload(client, listed(config("demo", demo, more)))
    assert states(client) == {1: END, 2: AVAILABLE}
    assert client.predict(inputs=INPUTS, label="stable").model_spec.version.value == 2
    with pytest.raises(grpc.RpcError, match="Could not find any versions of model single"):
        client.status("single")
    assert reloading.names == ["demo"]


def test_a_version_that_is_not_there_unloads_the_model(client, demo):
    assert reload(client, listed(config("demo", demo, versions(7)))).status.error_code == 0
    assert states(client) == {1: END}


def test_a_known_model_outlives_a_missing_path(client, demo):
    assert reload(client, listed(config("demo", "/no/such/path"))).status.error_code == 0
    assert states(client) == {1: AVAILABLE}


def test_another_path_with_the_same_number_is_loaded(client, demo, tmp_path):
    shutil.copytree(demo / "2", tmp_path / "other" / "1")
    reload(client, listed(config("demo", tmp_path / "other")))
    response = client.predict(inputs=INPUTS)
    assert (response.model_spec.version.value, response.outputs["y"].float_val[0]) == (1, 4.0)
    assert states(client) == {1: AVAILABLE}


def test_a_new_model_that_cannot_be_had_is_said_and_the_rest_is_done(client, demo):
    code, message = refusal(
        client, listed(config("demo", demo, versions(2)), config("new", "/no/such/path"))
    )
    assert code == "UNKNOWN" and "{name: new}" in message and "/no/such/path" in message
    assert states(client) == {1: END, 2: AVAILABLE}


def test_a_label_of_a_version_that_does_not_answer_is_refused(client, demo):
    text = config("demo", demo, 'version_labels { key: "a" value: 9 }')
    code, message = refusal(client, listed(text))
    assert code == "FAILED_PRECONDITION"
    assert message == (
        "Request to assign label to version 9 of model demo, which is not currently available "
        "for inference"
    )
    with pytest.raises(grpc.RpcError, match="Unrecognized servable version label: a"):
        client.predict(inputs=INPUTS, label="a")


BAD = {
    "nothing": ("", "Only ModelConfigList is currently supported"),
    "custom": (
        'custom_model_config { type_url: "x" }',
        "Only ModelConfigList is currently supported",
    ),
    "no models": ("model_config_list {}", "no model_config_list"),
    "a model twice": (listed(config("a", "/a"), config("a", "/b")), "multiple times"),
    "relative path": (listed(config("a", "../../etc")), "to have an absolute path"),
    "no platform": (listed('config { name: "a" base_path: "/a" }'), "model_platform"),
    "other platform": (
        listed('config { name: "a" base_path: "/a" model_platform: "other" }'),
        "unsupported platform",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_configuration_changes_nothing(client, case):
    text, words = BAD[case]
    code, message = refusal(client, text)
    assert code == "INVALID_ARGUMENT" and words in message
    assert states(client) == {1: AVAILABLE}


def test_reload_is_off_unless_asked_for(grpc_client, saved_models):
    code, message = refusal(grpc_client, listed(config("demo", saved_models / "single")))
    assert code == "PERMISSION_DENIED" and "--enable_config_reload_rpc" in message
    assert len(states(grpc_client)) == 2


def test_a_changed_file_is_taken_and_a_bad_one_only_logged(demo, tmp_path, caplog):
    path = tmp_path / "models.config"
    path.write_text(listed(config("demo", demo, versions(1))))
    file = ConfigFile(path)
    with EmbeddedServer(file.configs(), rest_port=None, poll_seconds=0) as server:
        with GrpcClient(server.grpc_address) as client:
            file.poll(server.manager)
            assert states(client) == {1: AVAILABLE}
            path.write_text(listed(config("demo", demo, versions(2))))
            file.poll(server.manager)
            assert states(client) == {1: END, 2: AVAILABLE}
            for bad in ("nonsense", listed(config("demo", "relative")), None):
                path.write_text(bad) if bad else path.unlink()
                caplog.clear()
                for _ in range(2):
                    file.poll(server.manager)
                (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
                assert str(path) in record.getMessage() and not record.exc_info
                assert states(client) == {1: END, 2: AVAILABLE}


def test_a_followed_file_is_looked_at_until_stop(demo, tmp_path):
    path = tmp_path / "models.config"
    path.write_text(listed(config("demo", demo, versions(1))))
    file = ConfigFile(path)
    with EmbeddedServer(file.configs(), rest_port=None, poll_seconds=0) as server:
        file.follow(server.manager, 0.02)
        path.write_text(listed(config("demo", demo, versions(2))))
        server.wait_ready(version=2)
        file.stop()
    assert not file._thread.is_alive()
