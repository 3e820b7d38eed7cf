"""The REST API: a method, a path and a body in, a JSON answer out.

POST /v1/models/NAME[/versions/N|/labels/L]:predict
GET  /v1/models/NAME[/versions/N|/labels/L][/metadata]
"""

import dataclasses
import logging
import re
import urllib.parse

from grpc import StatusCode

from serving.contract import DEFAULT_SIGNATURE
from serving.server.errors import StatusError, invalid_argument, unimplemented
from serving.server.json_request import parse_body
from serving.server.json_response import dump, encode_outputs
from serving.server.metadata import metadata_as_json
from serving.server.predict import rest_signature, run_signature
from serving.server.request_limits import check_arrays, check_body
from serving.server.status import model_versions, status_as_json
from serving.server.versions import parse_version

logger = logging.getLogger(__name__)

_OURS = re.compile(r"/v1/.*", re.IGNORECASE | re.DOTALL)
_CHOICE = r"(?:(?:/versions/(?P<version>\d+))|(?:/labels/(?P<label>[^/:]+)))?"
_FLAGS = re.IGNORECASE | re.ASCII
_VERBS = ("classify", "regress", "predict")
_APIS = {"predict": "Predict", "metadata": "GetModelMetadata"}
_POST = re.compile(rf"/v1/models/(?P<name>[^/:]+){_CHOICE}:(?P<verb>{'|'.join(_VERBS)})", _FLAGS)
_GET = re.compile(rf"/v1/models(?:/(?P<name>[^/:]+))?{_CHOICE}(?:/(?P<verb>metadata))?", _FLAGS)
_NO_SUCH_PATH = (
    b"<HTML><HEAD>\n<TITLE>404 Not Found</TITLE>\n</HEAD><BODY>\n"
    b"<H1>Not Found</H1>\n</BODY></HTML>\n"
)


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    content_type: str = "application/json"
    status_name: str = "OK"


class RestApi:
    """Answers requests from the models of a ModelManager.

    Args:
      manager: ModelManager.
      limits: options.Limits.
    """

    def __init__(self, manager, limits):
        self._manager = manager
        self._limits = limits

    def answer(self, method, path, body, record):
        """Never raises: whatever goes wrong becomes an answer, and what is learnt a record."""
        if not _OURS.fullmatch(path):
            return Answer(404, _NO_SUCH_PATH, "text/html", "NOT_FOUND")
        try:
            return Answer(200, self._respond(method, path, body, record))
        except StatusError as error:
            return failure(error)
        except Exception as error:
            logger.exception("%s failed, request_id=%s", method, record.request_id)
            return failure(StatusError(StatusCode.INTERNAL, str(error)))

    def _respond(self, method, path, body, record):
        pattern = {"POST": _POST, "GET": _GET}.get(method)
        match = pattern.fullmatch(path) if pattern else None
        # Paths match in any case, as TensorFlow Serving's do, but verbs are compared exactly.
        if match is None or (method == "POST" and match["verb"] not in _VERBS):
            raise invalid_argument(f"Malformed request: {method} {path}")
        target = _target(match)
        verb = match["verb"]
        record.model, record.api = target["name"], _APIS.get(verb, "GetModelStatus")
        if method == "POST":
            if verb != "predict":
                raise unimplemented(f"{verb} is not part of the development server; use predict")
            return self._predict(target, body, record)
        if not target["name"]:
            raise invalid_argument("Missing model name in request.")
        if verb == "metadata":
            return dump(metadata_as_json(self._manager, target))
        return dump(status_as_json(model_versions(self._manager, target)))

    def _predict(self, target, body, record):
        check_body(body, self._limits)
        request = parse_body(body)
        record.signature = request.signature_name
        with self._manager.model(**target) as (version, model):
            record.version = version
            signature = rest_signature(model, record.signature)
            record.signature = record.signature or DEFAULT_SIGNATURE
            inputs = request.inputs(signature)
            record.rows = check_arrays(inputs.values(), self._limits)
            outputs = run_signature(
                model, signature, inputs, timeout_ms=self._limits.rest_timeout_ms
            )
        return encode_outputs(outputs, by_row=request.by_row)


def failure(error):
    """The Answer of a StatusError."""
    return Answer(error.http_status, dump({"error": error.message}), status_name=error.code.name)


def _target(match):
    """name, version and label of a path."""
    version = match["version"]
    number = None
    if version is not None:
        number = parse_version(version)
        if number is None:
            raise invalid_argument(f"Failed to convert version: {version} to numeric.")
    label = match["label"]
    return {
        "name": urllib.parse.unquote(match["name"] or ""),
        "version": number,
        "label": None if label is None else urllib.parse.unquote(label),
    }
