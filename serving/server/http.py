"""HTTP around the REST API, with the standard library: a thread for each connection."""

import contextlib
import http.server
import logging
import socket
import socketserver
import threading
import time

from serving.server.errors import unavailable
from serving.server.http_request import RequestHandler

logger = logging.getLogger(__name__)

MAX_CONNECTIONS = 1000
POLL_SECONDS = 0.1  # how soon `stop` is noticed
_FULL = b'{"error": "Too many connections"}'
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(_FULL), _FULL)
)


class HttpServer(http.server.ThreadingHTTPServer):
    """Listens from the moment it is made; answers after `start`.

    Args:
      address: numeric address to listen on.
      port: 0 picks a free one, then to be found in `port`.
      api: RestApi.
      front: Front of http_request.

    Raises OSError if the address can't be had.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, port, api, front):
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.api = api
        self.front = front
        self.draining = False
        self._busy = self._connections = 0
        self._changed = threading.Condition()
        self._thread = threading.Thread(
            target=self.serve_forever, args=(POLL_SECONDS,), name="rest", daemon=True
        )
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
        """Takes no new requests and waits up to `grace` seconds for answers under way.

        Returns whether all were answered.
        """
        self.draining = True
        if self._thread.is_alive():
            self.shutdown()
        self.server_close()
        deadline = time.monotonic() + grace
        with self._changed:
            while self._busy and time.monotonic() < deadline:
                self._changed.wait(deadline - time.monotonic())
            return not self._busy

    @contextlib.contextmanager
    def busy(self):
        """A request under way, which `stop` waits for."""
        self._count(busy=+1)
        try:
            yield
        finally:
            self._count(busy=-1)

    def check_open(self):
        if self.draining:
            raise unavailable("The server is shutting down")

    def process_request(self, request, client_address):
        if self._connections >= MAX_CONNECTIONS:
            with contextlib.suppress(OSError):
                request.sendall(_REFUSAL)
            self.shutdown_request(request)
            return
        self._count(connections=+1)
        super().process_request(request, client_address)

    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._count(connections=-1)

    def _count(self, busy=0, connections=0):
        with self._changed:
            self._busy += busy
            self._connections += connections
            self._changed.notify_all()

    def handle_error(self, request, client_address):
        logger.debug("connection from %s ended", client_address, exc_info=True)
