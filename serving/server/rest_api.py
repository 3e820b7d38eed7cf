"""The REST API: a method, a path and a body in, a JSON answer out.

POST /v1/models/NAME[/versions/N|/labels/L]:predict
GET  /v1/models/NAME[/versions/N|/labels/L][/metadata]
"""

import dataclasses
import logging
import re
import urllib.parse

from grpc import StatusCode

from serving.errors import HTTP_STATUS
from serving.server.errors import StatusError, invalid_argument, unimplemented
from serving.server.json_request import parse_body
from serving.server.json_response import dump, encode_outputs
from serving.server.metadata import metadata_as_json
from serving.server.predict import rest_signature, run_signature
from serving.server.status import model_versions, status_as_json
from serving.server.versions import parse_version

logger = logging.getLogger(__name__)

_OURS = re.compile(r"/v1/.*", re.IGNORECASE | re.DOTALL)
_CHOICE = r"(?:(?:/versions/(?P<version>\d+))|(?:/labels/(?P<label>[^/:]+)))?"
_FLAGS = re.IGNORECASE | re.ASCII
_VERBS = ("classify", "regress", "predict")
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


class RestApi:
    """Answers requests from the models of a ModelManager.

    Args:
      manager: ModelManager.
      timeout_ms: longest run of a model.
    """

    def __init__(self, manager, *, timeout_ms):
        self._manager = manager
        self._timeout_ms = timeout_ms

    def answer(self, method, path, body):
        """Never raises: whatever goes wrong becomes an answer."""
        if not _OURS.fullmatch(path):
            return Answer(404, _NO_SUCH_PATH, "text/html")
        try:
            return Answer(200, self._respond(method, path, body))
        except StatusError as error:
            return self.failure(error)
        except Exception as error:
            logger.exception("%s %s failed", method, path)
            return self.failure(StatusError(StatusCode.INTERNAL, str(error)))

    def failure(self, error):
        return Answer(HTTP_STATUS[error.code.name], dump({"error": error.message}))

    def _respond(self, method, path, body):
        pattern = {"POST": _POST, "GET": _GET}.get(method)
        match = pattern.fullmatch(path) if pattern else None
        # Paths match in any case, as TensorFlow Serving's do, but verbs are compared exactly.
        if match is None or (method == "POST" and match["verb"] not in _VERBS):
            raise invalid_argument(f"Malformed request: {method} {path}")
        target = _target(match)
        verb = match["verb"]
        if method == "POST":
            if verb != "predict":
                raise unimplemented(f"{verb} is not part of the development server; use predict")
            return self._predict(target, body)
        if not target["name"]:
            raise invalid_argument("Missing model name in request.")
        if verb == "metadata":
            return dump(metadata_as_json(self._manager, target))
        return dump(status_as_json(model_versions(self._manager, target)))

    def _predict(self, target, body):
        request = parse_body(body)
        signature_name = request.signature_name
        with self._manager.model(**target) as (_, model):
            signature = rest_signature(model, signature_name)
            inputs = request.inputs(signature)
            outputs = run_signature(model, signature, inputs, timeout_ms=self._timeout_ms)
        return encode_outputs(outputs, by_row=request.by_row)


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
