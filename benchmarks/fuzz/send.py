"""Sending a Case and naming what came back.

Beside status names there are: REFUSED, no connection; CLOSED, the server ended it without a word;
SILENT, no answer in time; ANSWERED, bytes to what was no request; GARBLED, an answer that is none.
"""

import contextlib
import json
import socket
import time

import grpc

from benchmarks.fuzz.case import Outcome

PAUSE_SECONDS = 0.01
OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.enable_retries", 0)]


class Sender:
    """One client: a gRPC channel, and a new connection for each HTTP request.

    Args:
      grpc_address, rest_address: "host:port" and "http://host:port".
    """

    def __init__(self, grpc_address, rest_address):
        self._channel = grpc.insecure_channel(grpc_address, options=OPTIONS)
        self._ports = {
            "grpc": _pair(grpc_address),
            "rest": _pair(rest_address.removeprefix("http://")),
        }

    def send(self, case):
        """Returns the Outcome; waits no longer than the case's timeout."""
        started = time.perf_counter()
        send = self._call if case.transport == "grpc" else self._exchange
        status, details = send(case)
        return Outcome(status, details, time.perf_counter() - started)

    def close(self):
        self._channel.close()

    def _call(self, case):
        method = self._channel.unary_unary(case.target)
        try:
            call = method.future(case.payload, timeout=case.timeout)
            if case.cancel:
                call.cancel()
            call.result()
            return "OK", ""
        except grpc.FutureCancelledError:
            return "CANCELLED", ""
        except grpc.RpcError as error:
            return error.code().name, error.details() or ""

    def _exchange(self, case):
        target = self._ports[case.target if case.transport == "raw" else "rest"]
        end = time.monotonic() + case.timeout
        try:
            connection = socket.create_connection(target, timeout=case.timeout)
        except OSError as error:
            return "REFUSED", str(error)
        with connection:
            # The server may answer, and go, before it has read everything.
            with contextlib.suppress(OSError):
                _write(connection, case)
            try:
                received = _read(connection, end, case)
            except TimeoutError:
                return "SILENT", ""
            except OSError as error:
                return "CLOSED", str(error)
        if not received:
            return "CLOSED", ""
        return ("ANSWERED", "") if case.transport == "raw" else parsed(received, case)


def _pair(address):
    host, _, port = address.rpartition(":")
    return host, int(port)


def _write(connection, case):
    start = 0
    for stop in case.split:
        connection.sendall(case.payload[start:stop])
        time.sleep(PAUSE_SECONDS)
        start = stop
    connection.sendall(case.payload[start:])
    if case.half_close:
        connection.shutdown(socket.SHUT_WR)


def _read(connection, end, case):
    """Bytes of the first answer; until the server closes where the client has."""
    received = b""
    while case.half_close or not _is_whole(received, case):
        connection.settimeout(max(0.001, end - time.monotonic()))
        try:
            piece = connection.recv(1 << 16)
        except ConnectionResetError:
            if received:  # an answer to what was not read to its end
                return received
            raise
        if not piece:
            break
        received += piece
    return received


def _is_whole(received, case):
    if case.transport == "raw":
        return bool(received)
    head, separator, body = _final(received).partition(b"\r\n\r\n")
    if not separator:
        return False
    length = _header(head, b"content-length")
    return length is not None and (case.payload.startswith(b"HEAD ") or len(body) >= int(length))


def _final(received):
    """The answer after an interim 100 Continue."""
    head, separator, rest = received.partition(b"\r\n\r\n")
    return rest if separator and head.partition(b" ")[2].startswith(b"100") else received


def _header(head, name):
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip()
    return None


def parsed(received, case):
    """(status name, what went wrong) of an HTTP answer."""
    head, _, body = _final(received).partition(b"\r\n\r\n")
    version, _, rest = head.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        return "GARBLED", repr(received[:100])
    status = f"HTTP {rest[:3].decode()}"
    length = int(_header(head, b"content-length") or len(body))
    if case.payload.startswith(b"HEAD ") or b"json" not in (_header(head, b"content-type") or b""):
        return status, ""
    try:
        answer = json.loads(body[:length].decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError) as error:
        return "GARBLED", f"{status}: {error}"
    if status != "HTTP 200":
        return status, answer["error"] if answer.keys() == {"error"} else "GARBLED"
    return status, ""
