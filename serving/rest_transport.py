"""TF Serving's REST API: calls that block, that run in a thread, and that asyncio awaits."""

import asyncio
import http.client
import json
import time
import urllib.parse

from serving import errors, rest_format, retries
from serving.rest_exchange import Abort, exchange, told
from serving.tls_errors import connection_error
from serving.workers import Workers

THREADS = 32


class RestTransport:
    """Calls below a URL, each on a connection of its own, repeated as gRPC repeats its calls."""

    def __init__(self, target):
        self._target = target
        self._address = target.address
        self._url = urllib.parse.urlsplit(self._address)
        self._context = target.credentials.context() if target.secure else None
        self._headers = {"Content-Type": "application/json", **target.credentials.headers}
        self._workers = Workers(THREADS)

    def call(self, call, abort=None):
        """Returns the answer; raises a ServingError. `abort` (an Abort) ends it before that."""
        abort = abort or Abort()
        timeout = self._target.limited(call.timeout)
        end = time.monotonic() + timeout
        method, path, body = rest_format.request_of(call, self._target.label)
        pauses = retries.pauses()
        while True:
            try:
                answer = self._once(call.model, method, path, body, timeout, end, abort)
                return rest_format.answer_of(call, answer, self._address)
            except errors.ServerUnavailable as error:
                pause = next(pauses, None)
                passes = error.status in retries.STATUSES
                passes = passes and not isinstance(error, errors.TlsFailed)
                late = pause is None or time.monotonic() + pause >= end
                if not passes or late or abort.wait(pause):
                    raise

    def start(self, call):
        """Returns a future, which `result` understands and `cancel()` ends."""
        return self._workers.start(lambda abort: self.call(call, abort))

    def result(self, call, future):
        """The answer to a call that was started."""
        return future.result()

    def close(self):
        self._workers.close()

    def _once(self, model, method, path, body, timeout, end, abort):
        """One attempt: the JSON object of the answer."""
        try:
            status, content = exchange(
                self._url,
                method,
                self._url.path + path,
                body,
                headers=self._headers,
                context=self._context,
                server_name=self._target.credentials.server_name,
                end=end,
                abort=abort,
            )
        except TimeoutError as error:
            raise self._failed("DEADLINE_EXCEEDED", told(error), model, timeout) from error
        except (OSError, http.client.HTTPException) as error:
            raise self._failed("UNAVAILABLE", told(error), model, timeout) from error
        try:
            answer = json.loads(content)
            details = answer.get("error", "")
        except (ValueError, AttributeError) as error:
            raise self._without_json(status, model, timeout) from error
        if status != 200:
            raise self._refused(status, details, model, timeout)
        return answer

    def _refused(self, status, details, model, timeout):
        """The error of an answer in JSON that is a refusal."""
        if status == errors.HTTP_STATUS["DEADLINE_EXCEEDED"]:  # its own limit, not ours
            details = errors.first_line(details, "DEADLINE_EXCEEDED")
            error = errors.DeadlineExceeded(
                f"{self._address} gave the request up ({details}): send less at a time "
                "(batch_size), use gRPC, or raise the server's --rest_api_timeout_in_ms"
            )
            error.details, error.status = details, "DEADLINE_EXCEEDED"
            return error
        return self._failed(errors.status_name(status), details, model, timeout)

    def _without_json(self, status, model, timeout):
        """A proxy in front of the server refuses and fails in HTML."""
        name = errors.status_name(status)
        known = ("UNAUTHENTICATED", "PERMISSION_DENIED", "DEADLINE_EXCEEDED", *retries.STATUSES)
        if name in known:
            # A proxy's limit of a body, too, is one of size; no repetition helps.
            large = status == errors.TOO_LARGE_HTTP
            words = "larger than max of a proxy, HTTP 413" if large else f"HTTP {status}"
            return self._failed(name, words, model, timeout)
        return errors.ServerFailure(
            f"{self._address} answered HTTP {status} without JSON: is it a server's REST port?"
        )

    def _failed(self, name, details, model, timeout):
        return connection_error(name, details, self._target, model, timeout)


class AsyncRestTransport:
    """The same, awaited; each call runs in a thread."""

    def __init__(self, target):
        self._rest = RestTransport(target)

    async def call(self, call):
        """Returns the answer; raises a ServingError."""
        return await asyncio.wrap_future(self._rest.start(call))

    async def close(self):
        self._rest.close()
