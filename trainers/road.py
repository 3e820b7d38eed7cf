"""A road of commands that one could type: each is printed before it runs, and timed."""

import os
import shlex
import signal
import subprocess
import sys
import time

from keras_reid.errors import ReIDError
from keras_reid.runs import entry

READY = "ready: gRPC "  # how a server says that it is, with its address


class Road:
    """Runs commands one after the other, prints each and keeps its time.

    folder: where they leave what they make. times: [(title, seconds)].
    """

    def __init__(self, folder):
        self.folder = folder
        self.times = []

    def say(self, title, module, *arguments):
        """Prints the command of a step and returns it, as typed."""
        shown = shlex.join(["python", "-m", module, *map(str, arguments)])
        print(f"\n== {title}\n$ {shown}", flush=True)
        return shown

    def step(self, title, module, *arguments):
        """Runs a command to its end and returns it, as typed.

        A failure is the road's, after the command's own message.
        """
        started = time.monotonic()
        shown = self.say(title, module, *arguments)
        code = subprocess.run(runnable(shown), env=environment(), check=False).returncode
        if code in (-signal.SIGINT, entry.INTERRUPTED):
            raise KeyboardInterrupt
        if code:
            raise ReIDError(f"'{title}' ended with exit code {code}; its message is above")
        self.times.append((title, time.monotonic() - started))
        return shown

    def serve(self, title, module, *arguments):
        """Starts a server and returns (process, gRPC address) once it says that it is ready."""
        started = time.monotonic()
        process = subprocess.Popen(
            runnable(self.say(title, module, *arguments)), env=environment(),
            stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        for line in process.stdout:
            print(line, end="", flush=True)
            if line.startswith(READY):
                self.times.append((title, time.monotonic() - started))
                return process, line.removeprefix(READY).split(",")[0]
        raise ReIDError(f"the server ended with exit code {process.wait()}; see its message above")


def runnable(shown):
    """The words of a command as typed, run by this Python."""
    return [sys.executable, *shlex.split(shown)[1:]]


def environment():
    """The commands' environment: TensorFlow says errors only."""
    return {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
