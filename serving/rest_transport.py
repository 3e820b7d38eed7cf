"""TF Serving's REST API with the standard library."""

import base64
import functools
import http.client
import io
import json
import time
import urllib.parse

import numpy as np
from google.protobuf import json_format

from serving import errors
from serving.messages import POOL, SIGNATURE_DEF, GetModelStatusResponse, SignatureDefMap

CONNECTIONS = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}


class RestTransport:
    """Calls below `url`, each on a connection of its own and within `timeout` seconds."""

    def __init__(self, url, timeout):
        self.address = url.rstrip("/")
        self._timeout = timeout
        self._url = urllib.parse.urlsplit(self.address)

    def predict(self, model, signature, inputs, outputs):
        """{name: array} -> {name: array}; `outputs` are those wanted, {name: NumPy dtype name}."""
        body = {
            "signature_name": signature,
            "inputs": {name: as_json(array) for name, array in inputs.items()},
        }
        answer = self._call(model, ":predict", json.dumps(body)).get("outputs")
        if not isinstance(answer, dict):  # the name of a single output is left out
            answer = dict.fromkeys(outputs, answer) if len(outputs) == 1 else {}
        arrays = {}
        for name, dtype in outputs.items():
            try:
                arrays[name] = np.asarray(answer[name], object if dtype == "str" else dtype)
            except (KeyError, TypeError, ValueError, OverflowError) as error:
                raise errors.ServerFailure(
                    f"{self.address} answered without a proper {name!r}"
                ) from error
        return arrays

    def metadata(self, model):
        """Returns a SignatureDefMap."""
        answer = self._call(model, "/metadata")
        return self._parse(answer.get("metadata", {}).get(SIGNATURE_DEF, {}), SignatureDefMap())

    def status(self, model):
        """Returns a GetModelStatusResponse."""
        return self._parse(self._call(model, ""), GetModelStatusResponse())

    def close(self):
        """Nothing stays open between calls."""

    def _parse(self, answer, message):
        try:
            return json_format.ParseDict(
                answer, message, ignore_unknown_fields=True, descriptor_pool=POOL
            )
        except json_format.ParseError as error:
            raise errors.ServerFailure(
                f"{self.address} answered in no known way: {error}"
            ) from error

    def _call(self, model, verb, body=None):
        """GETs, or POSTs a body; returns the JSON object of the answer."""
        path = f"{self._url.path}/v1/models/{urllib.parse.quote(model, safe='')}{verb}"
        status, content = self._exchange("GET" if body is None else "POST", path, body)
        try:
            answer = json.loads(content)
            details = answer.get("error", "")
        except (ValueError, AttributeError) as error:
            raise errors.ServerFailure(
                f"{self.address} answered HTTP {status} without JSON: is it a server's REST port?"
            ) from error
        if status != 200:
            name = errors.status_name(status)
            raise errors.from_server(name, details, self.address, model, self._timeout)
        return answer

    def _exchange(self, method, path, body):
        """Returns (HTTP status, body of the answer)."""
        end = time.monotonic() + self._timeout
        connect = CONNECTIONS[self._url.scheme]
        connection = connect(self._url.hostname, self._url.port, timeout=self._timeout)
        connection.response_class = functools.partial(_timed_response, end)
        try:
            connection.connect()
            _allow_until(end, connection.sock)
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        except TimeoutError as error:
            raise self._failed("DEADLINE_EXCEEDED", error) from error
        except (OSError, http.client.HTTPException) as error:
            raise self._failed("UNAVAILABLE", error) from error
        finally:
            connection.close()

    def _failed(self, name, error):
        details = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return errors.from_server(name, details, self.address, None, self._timeout)


class _TimedReader(io.RawIOBase):
    """Bytes of a socket until `end`: a socket's own timeout starts anew with every byte."""

    def __init__(self, sock, end):
        self._sock, self._end = sock, end
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self):
        return True

    def readinto(self, buffer):
        _allow_until(self._end, self._sock)
        return self._raw.readinto(buffer)

    def close(self):
        self._raw.close()
        super().close()


def _timed_response(end, sock, *arguments, **options):
    """HTTPResponse that reads status line, headers and body against one end time."""
    response = http.client.HTTPResponse(sock, *arguments, **options)
    response.fp.close()
    response.fp = io.BufferedReader(_TimedReader(sock, end))
    return response


def _allow_until(end, sock):
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    sock.settimeout(left)


def as_json(array):
    """Nested lists; bytes as {"b64": ...}."""
    if array.dtype == object:
        return [{"b64": base64.b64encode(value).decode("ascii")} for value in array]
    return array.tolist()
