"""What a REST client gets: both forms of request and answer, bodies of every kind."""

import http.client
import json
import math
import socket

import numpy as np
import pytest

from tests.serving.server.clients import TIMEOUT


@pytest.mark.parametrize("target", ["demo/versions/1", "demo/labels/stable", "single"])
def test_columns_in_columns_out(rest_client, target):
    if target == "single":
        assert rest_client.predict({"inputs": [[1, 2]]}, target)[1] == {
            "outputs": {"rows": [3.0], "total": 3.0}
        }
    else:
        body = {"inputs": {"x": [[1, 2.5]], "epsilon": 0.5}}
        # One output: its name is dropped. [1, 2.5] diag(2, 3) + 0.5.
        assert rest_client.predict(body, target) == (200, {"outputs": [[2.5, 8.0]]})


def test_rows_in_rows_out(rest_client):
    body = {
        "signature_name": "pair",
        "instances": [{"x": [1, 2], "z": [3, 4]}, {"x": [0, 0], "z": [1, 1]}],
    }
    assert rest_client.predict(body) == (
        200,
        {
            "predictions": [
                {"product": [3.0, 8.0], "total": [4.0, 6.0]},
                {"product": [0.0, 0.0], "total": [1.0, 1.0]},
            ]
        },
    )


def test_a_row_turns_a_scalar_input_into_a_vector(rest_client):
    rows = [{"x": [1, 2], "epsilon": 1}, {"x": [1, 2], "epsilon": 100}]
    # epsilon arrives as [1, 100] and broadcasts along the columns.
    assert rest_client.predict({"instances": rows}, "demo/versions/1")[1] == {
        "predictions": [[3.0, 106.0], [3.0, 106.0]]
    }


def test_plain_rows_for_a_single_input(rest_client):
    body = {"signature_name": "pixels", "instances": [[0, 1], [254, 255]]}
    assert rest_client.predict(body, "single")[1] == {"predictions": [[255, 254], [1, 0]]}


def test_extra_keys_are_ignored_by_column(rest_client):
    body = {"inputs": {"x": [[1, 2]], "z": [[1, 2]], "more": 1}, "signature_name": "pair", "c": 2}
    assert rest_client.predict(body)[0] == 200


def test_strings_and_base64(rest_client):
    body = {"signature_name": "strings", "inputs": ["grüß", {"b64": "/wA="}, {"b64": "YQ"}]}
    status, content_type, raw = rest_client.call(
        "POST", "/v1/models/demo:predict", json.dumps(body).encode()
    )
    # `echo` is text, and goes out as the bytes it is; `echo_bytes` is base64 by its name.
    answer = json.loads(raw.decode("utf-8", "surrogateescape"))["outputs"]
    assert answer["echo"] == ["grüß", "\udcff\x00", "a"]
    assert answer["echo_bytes"] == [{"b64": "Z3LDvMOf"}, {"b64": "/wA="}, {"b64": "YQ=="}]
    rows = {"signature_name": "strings", "instances": ["a", {"b64": "YQ=="}]}
    assert (
        rest_client.predict(rows)[1]["predictions"]
        == [{"echo": "a", "echo_bytes": {"b64": "YQ=="}}] * 2
    )


def test_numbers_beyond_finite(rest_client):
    text = '{"signature_name": "pair", "inputs": {"x": [[NaN, 1e39]], "z": [[0, -Infinity]]}}'
    status, answer = rest_client.predict(text)
    assert status == 200
    assert math.isnan(answer["outputs"]["total"][0][0])
    assert answer["outputs"]["product"][0][1] == -math.inf
    assert math.isnan(answer["outputs"]["total"][0][1])


def test_floats_are_written_short(rest_client):
    _, _, raw = rest_client.call(
        "POST",
        "/v1/models/demo:predict",
        b'{"signature_name": "pair", "inputs": {"x": [[0.2, 1e-9]], "z": [[0, 0]]}}',
    )
    assert b"[[0.2, 1e-09]]" in raw


def test_kinds_keep_their_kind(rest_client):
    inputs = {"i32": [-1], "i64": [2**63 - 1], "flag": [True], "f64": [0.1]}
    answer = rest_client.predict({"signature_name": "kinds", "inputs": inputs})[1]
    assert answer["outputs"] == inputs and answer["outputs"]["flag"][0] is True


def test_an_empty_batch_by_column_gets_an_answer(rest_client):
    body = {"inputs": {"i32": [], "i64": [], "flag": [], "f64": []}, "signature_name": "kinds"}
    assert rest_client.predict(body) == (200, {"outputs": body["inputs"]})


def test_a_gzip_body_is_unpacked(rest_client):
    body = {"inputs": {"x": [[1, 2]], "epsilon": 0}}
    assert rest_client.predict(body, compress=True) == rest_client.predict(body)
    status, _, raw = rest_client.call(
        "POST", "/v1/models/demo:predict", b"no gzip", {"Content-Encoding": "gzip"}
    )
    assert status == 400 and "not valid gzip" in json.loads(raw)["error"]


def test_a_chunked_body_is_joined(server):
    connection = http.client.HTTPConnection(server.rest_address.removeprefix("http://"))
    pieces = [b'{"inputs": {"x": [[1, 2]],', b'"epsilon": 0}}']
    for _ in range(2):  # the connection is kept
        connection.request(
            "POST",
            "/v1/models/demo:predict",
            iter(pieces),
            encode_chunked=True,
            headers={"Transfer-Encoding": "chunked"},
        )
        response = connection.getresponse()
        assert (response.status, json.loads(response.read())) == (200, {"outputs": [[4.0, 12.0]]})
    connection.close()


def test_a_large_image_batch_round_trips(rest_client):
    pixels = np.arange(8 * 64 * 32, dtype=np.uint8).reshape(8, -1)
    body = {"signature_name": "pixels", "instances": pixels.tolist()}
    assert np.array_equal(rest_client.predict(body, "single")[1]["predictions"], 255 - pixels)


def test_integers_of_image_type_wrap_as_in_tensorflow(rest_client):
    body = {"signature_name": "pixels", "inputs": [[256, -1]]}
    assert rest_client.predict(body, "single")[1] == {"outputs": [[255, 0]]}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models/demo",
        "/V1/MODELS/demo",
        "/v1/models/demo?x=1",
        "/v1/models/demo/labels/anything",
        "/v1/models/%64emo",
    ],
)
def test_status(rest_client, path):
    healthy = {"error_code": "OK", "error_message": ""}
    assert rest_client.get(path) == (
        200,
        {
            "model_version_status": [
                {"version": "1", "state": "AVAILABLE", "status": healthy},
                {"version": "2", "state": "AVAILABLE", "status": healthy},
            ]
        },
    )


def test_status_of_one_version_and_of_a_name_with_a_space(rest_client):
    (status,) = rest_client.get("/v1/models/demo/versions/1")[1]["model_version_status"]
    assert status["version"] == "1"
    assert rest_client.get("/v1/models/sp%20ace")[0] == 200


def test_metadata(rest_client):
    status, answer = rest_client.get("/v1/models/demo/versions/1/metadata")
    assert status == 200
    assert answer["model_spec"] == {"name": "demo", "version": "1", "signature_name": ""}
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    assert "__saved_model_init_op" in signatures
    assert signatures["serving_default"]["inputs"]["x"] == {
        "dtype": "DT_FLOAT",
        "tensor_shape": {
            "dim": [{"size": "-1", "name": ""}, {"size": "2", "name": ""}],
            "unknown_rank": False,
        },
        "name": "serving_default_x:0",
    }


BROKEN = {
    "no length": b"POST /v1/models/demo:predict HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    "negative length": b"POST /v1/models/demo:predict HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    "too large": b"POST /v1/models/demo:predict HTTP/1.1\r\nContent-Length: 9999999999\r\n\r\n",
    "bad chunk": b"POST /v1/models/demo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "no HTTP": b"nonsense\r\n\r\n",
    "no word": b" \r\n\r\n",
    "a version of nobody": b"GET /v1/models/demo HTTP/x\r\n\r\n",
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_http_is_answered_and_ends_the_connection(server, rest_client, case):
    host, port = server.rest_address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=TIMEOUT) as connection:
        connection.sendall(BROKEN[case])
        answer = connection.makefile("rb").read()
    status = b" 413 " if case == "too large" else b" 400 "
    assert status in answer.split(b"\r\n")[0]
    assert rest_client.get("/v1/models/demo")[0] == 200


@pytest.mark.parametrize(
    "asked",
    [b"GET /v1/models/demo HTTP/0.9\r\n\r\n", b"\r\n\r\nGET /v1/models/demo HTTP/1.0\r\n\r\n"],
)
def test_an_old_version_and_blank_lines_in_front_get_an_answer_with_a_status(server, asked):
    host, port = server.rest_address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=TIMEOUT) as connection:
        connection.sendall(asked)
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 200 ") and b"AVAILABLE" in answer


def test_a_client_that_leaves_in_the_middle_costs_nothing(server, rest_client):
    host, port = server.rest_address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=TIMEOUT) as connection:
        connection.sendall(b"POST /v1/models/demo:predict HTTP/1.1\r\nContent-Length: 50\r\n\r\n{")
    assert rest_client.get("/v1/models/demo")[0] == 200
