"""REST requests that TensorFlow Serving refuses, each with its status and message."""

import json

import pytest

ROW = "Failed to process element: 0 "
REFUSED = {  # case: (target, body, message); all of them 400
    "no body": ("demo", b"", "JSON Parse error: The document is empty"),
    "no JSON": ("demo", "nonsense", "JSON Parse error: Invalid value. at offset: 0"),
    "half a document": ("demo", '{"inputs": [1', "JSON Parse error: "),
    "two documents": (
        "demo",
        "{} {}",
        "JSON Parse error: The document root must not be followed by other values. at offset: 3",
    ),
    "deep nesting": ("demo", "[" * 100_000, "JSON Parse error: "),
    "half a surrogate": (
        "demo",
        '{"signature_name": "strings", "inputs": ["\\ud800"]}',
        "JSON Parse error: The surrogate pair in string is invalid.",
    ),
    "half a surrogate in a name": (
        "demo",
        '{"signature_name": "\\ud800", "inputs": []}',
        "JSON Parse error: The surrogate pair in string is invalid.",
    ),
    "no object": ("demo", "[1]", "JSON Value: [\n    1\n] Is not object"),
    "signature name no string": (
        "demo",
        {"signature_name": 5},
        'JSON Value: {\n    "signature_name": 5\n} not formatted correctly. '
        "'signature_name' key must be a string value.",
    ),
    "unknown signature": (
        "demo",
        {"signature_name": "zz", "inputs": []},
        'Serving signature name: "zz" not found in signature def',
    ),
    "signature without inputs": (
        "demo",
        {"signature_name": "__saved_model_init_op", "inputs": []},
        "Failed to get input map for signature: __saved_model_init_op",
    ),
    "neither form": ("demo", {}, "Missing 'inputs' or 'instances' key"),
    "both forms": (
        "single",
        '{"inputs": [], "instances": []}',
        'JSON Value: {\n    "inputs": [],\n    "instances": []\n} Not formatted correctly '
        "expecting only one of 'inputs' or 'instances' keys to exist ",
    ),
    "instances no list": (
        "single",
        {"instances": 1},
        "JSON Value: {\n    \"instances\": 1\n} Excepting 'instances' to be an list/array",
    ),
    "instances empty": (
        "single",
        {"instances": []},
        "JSON Value: {\n    \"instances\": []\n} No values in 'instances' array",
    ),
    "plain instances for two inputs": (
        "demo",
        {"instances": [[1, 2]]},
        "instances is a plain list, but expecting list of objects as multiple input tensors "
        "required as per tensorinfo_map",
    ),
    "bytes for two inputs": (
        "demo",
        {"instances": [{"b64": "AA=="}]},
        "instances is a plain list, but expecting list of objects as multiple input tensors "
        "required as per tensorinfo_map",
    ),
    "plain inputs for two inputs": (
        "demo",
        {"inputs": [[1, 2]]},
        "inputs is a plain value/list, but expecting an object as multiple input tensors "
        "required as per tensorinfo_map",
    ),
    "missing column": (
        "demo",
        {"inputs": {"x": [[1, 2]]}},
        "Missing named input: epsilon in 'inputs' object.",
    ),
    "missing column that has a default": (
        "defaults",
        {"inputs": {"x": [[1, 2]]}},
        "Missing named input: epsilon in 'inputs' object.",
    ),
    "row lacks an input": (
        "demo",
        {"instances": [{"x": [1, 2]}]},
        ROW + "of 'instances' list. JSON object: {\n    \"x\": [\n        1,\n        2\n    ]\n} "
        "must only have keys: epsilon,x",
    ),
    "row with an extra key": (
        "demo",
        {"instances": [{"x": [1, 2], "epsilon": 1, "more": 2}]},
        ROW + "key: more of 'instances' list. Error: INVALID_ARGUMENT: JSON object: does not "
        "have named input: more",
    ),
    "a list among objects": (
        "demo",
        {"instances": [{"x": [1, 2], "epsilon": 1}, [1]]},
        "Expecting object but got list at item 1 of input list",
    ),
    "an object among lists": (
        "single",
        {"instances": [[1, 2], {"x": [1, 2]}]},
        "Expecting value/list but got object at item 1 of input list",
    ),
    "rows of different size": (
        "single",
        {"instances": [[1, 2], [1, 2, 3]]},
        "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting "
        "tensor size: 2 but got: 3",
    ),
    "rows of different shape": (
        "single",
        {"instances": [[[1, 2]], [[1], [2]]]},
        "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting "
        "shape [1,2] but got: [2,1]",
    ),
    "string for a float": (
        "single",
        {"inputs": [["1", 2]]},
        'JSON Value: "1" Type: String is not of expected type: float',
    ),
    "boolean for a float": (
        "single",
        {"inputs": [[True, 2]]},
        "JSON Value: true Type: True is not of expected type: float",
    ),
    "null for a float": (
        "single",
        {"inputs": [[None, 2]]},
        "JSON Value: null Type: Null is not of expected type: float",
    ),
    "object for a float": (
        "single",
        {"inputs": [[{"b64": "AA=="}, 2]]},
        'JSON Value: {\n    "b64": "AA=="\n} Type: Object is not of expected type: float',
    ),
    "fraction for an integer": (
        "single",
        {"signature_name": "pixels", "inputs": [[1.0]]},
        "JSON Value: 1.0 Type: Number is not of expected type: uint8",
    ),
    "integer too large for int32": (
        "single",
        {"signature_name": "pixels", "inputs": [[2**31]]},
        "JSON Value: 2147483648 Type: Number is not of expected type: uint8",
    ),
    "number for a string": (
        "demo",
        {"signature_name": "strings", "inputs": [5]},
        "JSON Value: 5 Type: Number is not of expected type: string",
    ),
    "no base64": (
        "demo",
        {"signature_name": "strings", "inputs": [{"b64": "?"}]},
        "Unable to base64 decode",
    ),
    "base64 and more": (
        "demo",
        {"signature_name": "strings", "inputs": [{"b64": "AA==", "c": 1}]},
        'JSON Value: {\n    "b64": "AA==",\n    "c": 1\n} not formatted correctly for base64 data',
    ),
    "ragged list": (
        "single",
        {"inputs": [[1, 2], [3]]},
        "Encountered list at unexpected size: 1 at level: 1 expected size: 2",
    ),
    "list deeper than the first": (
        "single",
        {"inputs": [1, [2]]},
        "Encountered list at unexpected level: 1 expected < 1",
    ),
    "value above the lists": (
        "single",
        {"inputs": [[1], 2]},
        "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2",
    ),
    "scalar output by row": (
        "demo",
        {"signature_name": "summed", "instances": [[1, 2]]},
        "Tensor name: total has no shape information ",
    ),
    "output that JSON has no type for": (
        "demo",
        {"signature_name": "half", "inputs": {"h": []}},
        "Failed to write JSON value for tensor type: half",
    ),
    "wrong shape": (
        "demo",
        {"inputs": {"x": [[1, 2, 3]], "epsilon": 0}},
        "Matrix size-incompatible",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_predict_refuses(rest_client, case):
    target, body, message = REFUSED[case]
    status, answer = rest_client.predict(body, target)
    assert status == 400
    assert answer.keys() == {"error"} and answer["error"].startswith(message)
    assert message.endswith(": ") or case == "wrong shape" or answer["error"] == message


@pytest.mark.parametrize(("signature", "value"), [("strings", '"a"'), ("pixels", "1")])
@pytest.mark.parametrize("key", ["inputs", "instances"])
def test_more_dimensions_than_numpy_always_had_are_refused(rest_client, signature, value, key):
    """33 dimensions of strings once ended the process, with NumPy 2."""
    nested = "[" * 40 + value + "]" * 40
    body = f'{{"signature_name": "{signature}", "{key}": {nested}}}'
    status, answer = rest_client.predict(body)
    assert status == 400 and "tensor of rank " in answer["error"]


OTHER_STATUS = {
    "input without JSON form": (
        "demo",
        {"signature_name": "half", "inputs": [1]},
        501,
        "Conversion of JSON Value: 1 to type: half",
    ),
    "unknown model": ("nope", {"inputs": 1}, 404, "Servable not found for request: Latest(nope)"),
    "unknown version": (
        "demo/versions/99",
        {"inputs": 1},
        404,
        "Servable not found for request: Specific(demo, 99)",
    ),
    "unknown label": (
        "demo/labels/x",
        {"inputs": 1},
        400,
        "Unrecognized servable version label: x",
    ),
    "version out of range": (
        "demo/versions/99999999999999999999",
        {"inputs": 1},
        400,
        "Failed to convert version: 99999999999999999999 to numeric.",
    ),
    "version of thousands of digits": (
        f"demo/versions/{'1' * 5000}",
        {"inputs": 1},
        400,
        f"Failed to convert version: {'1' * 5000} to numeric.",
    ),
    "longer than --rest_api_timeout_in_ms": (
        "demo",
        {"signature_name": "slow", "inputs": [10**6]},
        504,
        "Timed out waiting for notification",
    ),
}


@pytest.mark.parametrize("case", OTHER_STATUS)
def test_predict_fails_with_status(rest_client, case):
    target, body, status, message = OTHER_STATUS[case]
    assert rest_client.predict(body, target) == (status, {"error": message})


PATHS = {
    ("GET", "/v1/models"): (400, "Missing model name in request."),
    ("GET", "/v1/models/demo/"): (400, "Malformed request: GET /v1/models/demo/"),
    ("GET", "/v1/models/demo:predict"): (400, "Malformed request: GET /v1/models/demo:predict"),
    ("POST", "/v1/models/demo"): (400, "Malformed request: POST /v1/models/demo"),
    ("POST", "/v1/models/demo:PREDICT"): (400, "Malformed request: POST /v1/models/demo:PREDICT"),
    ("PUT", "/v1/models/demo:predict"): (400, "Malformed request: PUT /v1/models/demo:predict"),
    ("OPTIONS", "/v1/models/demo"): (400, "Malformed request: OPTIONS /v1/models/demo"),
    ("GET", "/v1/other"): (400, "Malformed request: GET /v1/other"),
    ("GET", "/v1/models/nope"): (404, "Could not find any versions of model nope"),
    ("GET", "/v1/models/demo/versions/77"): (404, "Could not find version 77 of model demo"),
    ("GET", "/v1/models/nope/metadata"): (404, "Servable not found for request: Latest(nope)"),
    ("GET", "/v1/models/..%2f..%2fetc"): (404, "Could not find any versions of model ../../etc"),
    ("POST", "/v1/models/demo:classify"): (501, "classify is not part of the development server"),
}


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_path_is_refused(rest_client, method, path):
    wanted, message = PATHS[method, path]
    status, content_type, body = rest_client.call(method, path, b"{}" if method != "GET" else None)
    assert (status, content_type) == (wanted, "application/json")
    assert json.loads(body)["error"].startswith(message)


@pytest.mark.parametrize("path", ["/", "/v2/models/demo", "/index.html", "/v1", "/../etc/passwd"])
def test_a_path_of_nobody_is_html_404(rest_client, path):
    status, content_type, body = rest_client.call("GET", path)
    assert (status, content_type) == (404, "text/html") and b"Not Found" in body
