"""Runners for tests: the embedded server in this process, and one that fails on demand."""

from export.publishing.runners.process import ServerDown
from serving.server.embedded import EmbeddedServer


class InProcessRunner:
    """The verbs of `ProcessRunner`, without the seconds that a process takes to import."""

    kind, pixel_share = "in process", 1.0

    def __init__(self, base, names):
        self._models = {name: str(base / name) for name in names}
        self._server = None

    def version(self):
        return "test"

    def start(self):
        self._server = EmbeddedServer(self._models, rest_port=None, poll_seconds=0).start()

    def wait_running(self, timeout, tell):
        pass

    def wait_loaded(self, timeout, tell):
        self._server.wait_ready(timeout)

    @property
    def endpoint(self):
        return self._server.grpc_address

    def logs(self):
        return "a line of the log"

    def stop(self):
        if self._server is not None:
            self._server.stop()
            self._server = None


def instead(folders):
    """A runner that serves other folders than it was given: {name: home}."""

    class Instead(InProcessRunner):
        def __init__(self, base, names):
            super().__init__(base, names)
            self._models = {name: str(folders[name]) for name in names}

    return Instead


def failing(*errors):
    """A runner whose first starts raise `errors`, one after the other; (class, starts so far)."""
    left, starts = list(errors), []

    class Failing(InProcessRunner):
        def start(self):
            starts.append(self)
            if left:
                raise left.pop(0)
            super().start()

    return Failing, starts


def down():
    return ServerDown("the model reached END: a reason")
