"""One HTTP request and its answer with the standard library: one end time, and a way to stop it."""

import functools
import http.client
import io
import socket
import ssl
import threading
import time


class Abort:
    """Ends, from another thread, an exchange and the pauses between its attempts."""

    def __init__(self):
        self._told = threading.Event()
        self._sock = None

    def set(self):
        self._told.set()
        if self._sock is not None:
            try:
                # Not SSLSocket.shutdown, which takes the connection from under a reader.
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
            except OSError:
                pass  # it ended by itself

    def watch(self, sock):
        self._sock = sock
        if self._told.is_set():
            raise ConnectionAbortedError("cancelled")

    def wait(self, seconds):
        """Returns True at once when aborted, False after `seconds`."""
        return self._told.wait(seconds)


def exchange(url, method, path, body, *, headers, context, server_name, end, abort):
    """Returns (HTTP status, content); raises OSError or http.client.HTTPException.

    Args:
      url: urllib.parse.SplitResult of the server.
      context: ssl.SSLContext for https.
      server_name: name that the certificate has to bear; None is the host's.
      end: time.monotonic() by which all is done; TimeoutError after that.
      abort: Abort.
    """
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    port = url.port or (443 if url.scheme == "https" else 80)
    connection = http.client.HTTPConnection(url.hostname, port, timeout=left)
    connection.response_class = functools.partial(_timed_response, end)
    try:
        connection.connect()
        abort.watch(connection.sock)
        if url.scheme == "https":
            _allow_until(end, connection.sock)
            name = server_name or url.hostname
            connection.sock = context.wrap_socket(connection.sock, server_hostname=name)
            abort.watch(connection.sock)
        _allow_until(end, connection.sock)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def told(error):
    """The words of an error of `exchange`."""
    if isinstance(error, ssl.SSLError):  # its strerror leaves out what was wrong
        return str(error)
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


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
