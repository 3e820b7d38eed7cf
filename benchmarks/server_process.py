"""The embedded model server as a process of its own, watched from outside.

A crash is then an exit code, and memory, threads and sockets are the server's alone.
"""

import contextlib
import dataclasses
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from serving.errors import DeadlineExceeded, ServerFailure

READY = re.compile(r"ready: gRPC (\S+), REST (\S+),")
START_SECONDS = 180.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.05


@dataclasses.dataclass(frozen=True)
class Resources:
    """What a process holds: resident memory in bytes, threads, open sockets."""

    rss: int
    threads: int
    sockets: int


class ServerProcess:
    """`python -m serving.serve` with `flags`, its output in `folder`/server.log.

    Listens on free ports of localhost; killed at the latest when the `with` block ends.
    Raises ServerFailure, with the end of the log, where it does not come up.
    """

    def __init__(self, folder, *flags, rest_port):
        self.log = Path(folder) / "server.log"
        self._output = self.log.open("wb")
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "serving.serve", "--port=0", f"--rest_api_port={rest_port}",
                *flags,
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        try:
            self.grpc_address, self.rest_address = self._wait_ready()
        except BaseException:
            self.kill()
            raise

    def _wait_ready(self):
        end = time.monotonic() + START_SECONDS
        while (found := READY.search(self.text())) is None:
            if self._process.poll() is not None:
                raise ServerFailure(f"the server did not start: {self.text()[-2000:]}")
            if time.monotonic() > end:
                raise DeadlineExceeded(f"the server is not ready after {START_SECONDS:g} s")
            time.sleep(POLL_SECONDS)
        return found[1], found[2]

    def text(self):
        """What the server has printed and logged so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def tracebacks(self):
        """How many tracebacks are in the log: each is a surprise that the server survived."""
        return self.text().count("Traceback (most recent call last)")

    @property
    def exit_code(self):
        """None while it runs."""
        return self._process.poll()

    def resources(self):
        """Resources at this moment, from /proc."""
        folder = Path("/proc", str(self._process.pid))
        fields = dict(
            line.split(":", 1)
            for line in (folder / "status").read_text().splitlines()
            if ":" in line
        )
        sockets = 0
        for entry in os.scandir(folder / "fd"):
            with contextlib.suppress(OSError):  # closed meanwhile
                sockets += os.readlink(entry.path).startswith("socket:")
        return Resources(
            rss=int(fields["VmRSS"].split()[0]) * 1024,
            threads=int(fields["Threads"]),
            sockets=sockets,
        )

    def terminate(self):
        """Sends SIGTERM, which the server answers by draining."""
        self._process.send_signal(signal.SIGTERM)

    def wait(self, timeout=STOP_SECONDS):
        """The exit code once it has ended; raises DeadlineExceeded where it does not end."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise DeadlineExceeded(f"the server still runs {timeout:g} s after SIGTERM") from None

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._output.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


def free_port():
    """A port that was free a moment ago: REST, unlike gRPC, is off where it is told 0."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]
