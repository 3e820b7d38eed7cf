"""A call as a request of TF Serving's REST API, and the JSON that answers it as arrays."""

import base64
import json
import urllib.parse

import numpy as np
from google.protobuf import json_format

from serving.calls import Metadata, Predict, Status
from serving.errors import ServerFailure
from serving.messages import POOL, SIGNATURE_DEF, GetModelStatusResponse, SignatureDefMap


def request_of(call, label=None):
    """(HTTP method, path, body or None), of the version that `label` names."""
    path = f"/v1/models/{urllib.parse.quote(call.model, safe='')}"
    if label and not isinstance(call, Status):  # TF Serving ignores it there
        path += f"/labels/{urllib.parse.quote(label, safe='')}"
    if isinstance(call, Predict):
        inputs = {name: as_json(array) for name, array in call.inputs.items()}
        body = json.dumps({"signature_name": call.signature, "inputs": inputs})
        return "POST", f"{path}:predict", body
    return "GET", f"{path}/metadata" if isinstance(call, Metadata) else path, None


def answer_of(call, answer, address):
    """What the call is answered with; raises ServerFailure where the JSON does not hold it.

    Args:
      answer: the JSON object.
    """
    if isinstance(call, Predict):
        return arrays_of(answer.get("outputs"), call.outputs, address)
    if isinstance(call, Metadata):
        known = answer.get("metadata", {}).get(SIGNATURE_DEF, {})
        return parsed(known, SignatureDefMap(), address)
    return parsed(answer, GetModelStatusResponse(), address)


def arrays_of(answer, outputs, address):
    """{name: array} of the columns `answer`."""
    if not isinstance(answer, dict):  # the name of a single output is left out
        answer = dict.fromkeys(outputs, answer) if len(outputs) == 1 else {}
    arrays = {}
    for name, dtype in outputs.items():
        try:
            arrays[name] = np.asarray(answer[name], object if dtype == "str" else dtype)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ServerFailure(f"{address} answered without a proper {name!r}") from error
    return arrays


def parsed(answer, message, address):
    try:
        return json_format.ParseDict(
            answer, message, ignore_unknown_fields=True, descriptor_pool=POOL
        )
    except json_format.ParseError as error:
        raise ServerFailure(f"{address} answered in no known way: {error}") from error


def as_json(array):
    """Nested lists; bytes as {"b64": ...}."""
    if array.dtype == object:
        return [{"b64": base64.b64encode(value).decode("ascii")} for value in array]
    return array.tolist()
