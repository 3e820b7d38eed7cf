"""No request leads to a file that it names."""

import grpc
import numpy as np
import pytest

from tests.serving.server.clients import floats

INPUTS = {"x": floats([1, 1]), "epsilon": np.float32(0)}

OUTSIDE = ["../demo", "..", "/etc/passwd", "demo/../demo", "demo/2", "demo\0", "~", "file:///etc"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_model_name_is_a_key_and_no_path(grpc_client, name):
    for call in (
        lambda: grpc_client.predict(name, INPUTS),
        lambda: grpc_client.metadata(name),
        lambda: grpc_client.status(name),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            call()
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND
    with pytest.raises(grpc.RpcError) as caught:
        grpc_client.predict(inputs=INPUTS, label=name)
    assert caught.value.details() == f"Unrecognized servable version label: {name}"


PATHS = [
    "/v1/models/..%2f..%2fetc", "/v1/models/%2e%2e/%2e%2e/etc/passwd", "/v1/models/../../etc/x",
    "/v1/models/demo/versions/..%2f2", "/v1/models/demo/versions/2%2f..", "/v1/models/%00",
    "/v1/models/demo/labels/..%2f..", "//etc/passwd", "/v1/../etc/passwd", "/v1/models/demo%2f2",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_path_of_a_request_leads_to_no_file(rest_client, path):
    for verb, body in (("", None), ("/metadata", None), (":predict", b"{}")):
        status, _, answer = rest_client.call("POST" if body else "GET", path + verb, body)
        # A label is ignored by status, as in TensorFlow Serving.
        assert status in (400, 404) or (verb == "" and "/labels/" in path)
        assert b"root:" not in answer


def test_a_version_is_a_number_on_the_wire(grpc_client):
    for version in (-1, 2**63 - 1):
        with pytest.raises(grpc.RpcError, match="Servable not found for request: Specific"):
            grpc_client.predict(inputs=INPUTS, version=version)
