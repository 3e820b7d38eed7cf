"""HTTP around the REST API, with the standard library: a thread for each connection."""

import http.server
import logging
import socket
import socketserver
import threading
import time

from serving.server.errors import StatusError
from serving.server.http_body import read_body
from serving.server.http_start_line import StartLineHandler

logger = logging.getLogger(__name__)

IDLE_SECONDS = 300  # a silent connection is closed after this time


class HttpServer(http.server.ThreadingHTTPServer):
    """Listens from the moment it is made; answers after `start`.

    Args:
      address: numeric address to listen on.
      port: 0 picks a free one, then to be found in `port`.
      api: RestApi.
      max_requests: requests worked on at the same time; more wait.

    Raises OSError if the address can't be had.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, port, api, *, max_requests):
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.api = api
        self.slots = threading.BoundedSemaphore(max_requests)
        self._busy = 0
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self.serve_forever, name="rest", daemon=True)
        super().__init__((address, port), RequestHandler)

    @property
    def port(self):
        return self.server_address[1]

    def server_bind(self):
        # http.server would look up the host's name here, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def start(self):
        self._thread.start()

    def stop(self, grace):
        """Takes no new connections and waits up to `grace` seconds for answers under way."""
        if self._thread.is_alive():
            self.shutdown()
        self.server_close()
        deadline = time.monotonic() + grace
        with self._changed:
            while self._busy and time.monotonic() < deadline:
                self._changed.wait(deadline - time.monotonic())

    def count_busy(self, change):
        with self._changed:
            self._busy += change
            self._changed.notify_all()

    def handle_error(self, request, client_address):
        logger.debug("connection from %s ended", client_address, exc_info=True)


class RequestHandler(StartLineHandler):
    protocol_version = "HTTP/1.1"
    server_version = "keras-reid-development-server"
    sys_version = ""
    timeout = IDLE_SECONDS

    def _respond(self):
        self.server.count_busy(+1)
        try:
            self._send(self._answer())
        finally:
            self.server.count_busy(-1)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = _respond

    def _answer(self):
        path = self.path.split("?", 1)[0]
        try:
            body = read_body(self.headers, self.rfile)
        except StatusError as error:
            self.close_connection = True  # the rest of the body is no request
            return self.server.api.failure(error)
        with self.server.slots:
            return self.server.api.answer(self.command, path, body)

    def _send(self, answer):
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, format, *args):
        logger.debug("%s " + format, self.address_string(), *args)
