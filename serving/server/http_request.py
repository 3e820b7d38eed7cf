"""One request over HTTP: who asks, whether there is room, the body, the answer."""

import contextlib
import dataclasses
import logging
import socket
import time

from serving.server import metrics
from serving.server.errors import StatusError
from serving.server.http_body import read_body
from serving.server.http_start_line import StartLineHandler
from serving.server.request_log import REQUEST_ID
from serving.server.rest_api import Answer, failure
from serving.server.tokens import HEADER

logger = logging.getLogger(__name__)

ENTRYPOINT = "REST"
IDLE_SECONDS = 300  # a silent connection is closed after this time
READ_SECONDS = 30  # .. and one that is silent in the middle of a request after this
LINGER_SECONDS = 2.0
METRICS_API = "Metrics"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Front:
    """What every request has to pass.

    limits: options.Limits.
    tokens: Everybody or TokenFile; asked for metrics, too.
    capacity: Capacity of predictions.
    log: RequestLog.
    registry: Metrics.
    prometheus_path: where they are read, or None.
    """

    limits: object
    tokens: object
    capacity: object
    log: object
    registry: object
    prometheus_path: str | None


class RequestHandler(StartLineHandler):
    protocol_version = "HTTP/1.1"
    server_version = "keras-reid-development-server"
    sys_version = ""
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True  # the body must not wait for the acknowledgement of the headers

    def _respond(self):
        with self.server.busy():
            front = self.server.front
            peer = f"{self.client_address[0]}:{self.client_address[1]}"
            record = front.log.begin("", ENTRYPOINT, peer, self.headers.get(REQUEST_ID))
            self._unread = self._has_body()
            self.connection.settimeout(READ_SECONDS)
            answer = self._answer(front, record)
            record.bytes_out = len(answer.body)
            if record.api != METRICS_API:
                front.log.end(record, answer.status_name)
            self._send(answer, record.request_id)
        self.connection.settimeout(IDLE_SECONDS)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = _respond

    def _answer(self, front, record):
        path = self.path.split("?", 1)[0]
        try:
            self.server.check_open()
            front.tokens.check(self.headers.get(HEADER))
            if self.command == "GET" and path == front.prometheus_path:
                record.api = METRICS_API
                self._read(front, record)
                return Answer(200, front.registry.text(), metrics.CONTENT_TYPE)
            if self.command != "POST":  # status must be had while predictions wait
                return self.server.api.answer(self.command, path, self._read(front, record), record)
            with front.capacity.place():
                body = self._read(front, record)
                with front.capacity.turn(front.limits.rest_timeout_ms):
                    return self.server.api.answer(self.command, path, body, record)
        except StatusError as error:
            return failure(error)

    def _has_body(self):
        length = self.headers.get("Content-Length", "0").strip()
        return length != "0" or "Transfer-Encoding" in self.headers

    def _read(self, front, record):
        body = read_body(self.headers, self.rfile, front.limits.request_bytes)
        self._unread = False
        record.bytes_in = len(body)
        return body

    def _send(self, answer, request_id):
        # The rest of a body that was not read is no request.
        self.close_connection = self.close_connection or self._unread or self.server.draining
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("X-Request-Id", request_id)
        if answer.status == 401:
            self.send_header("WWW-Authenticate", "Bearer")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        if self._unread:
            self._linger()

    def _linger(self):
        """Lets a client that is still sending come to the answer, which a reset would destroy."""
        deadline = time.monotonic() + LINGER_SECONDS
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(LINGER_SECONDS)
            while time.monotonic() < deadline and self.connection.recv(1 << 20):
                pass

    def log_message(self, format, *args):
        logger.debug("%s " + format, self.address_string(), *args)
