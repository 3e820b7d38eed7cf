"""One version of one model on its way through START, LOADING, AVAILABLE, UNLOADING, END."""

import contextlib
import threading

from grpc import StatusCode

from serving.server.errors import StatusError

# ModelVersionStatus.State of TensorFlow Serving.
START, LOADING, AVAILABLE, UNLOADING, END = 10, 20, 30, 40, 50


class Servable:
    """A version directory, its model once loaded, and the requests that are using it."""

    def __init__(self, name, version, path):
        self.name = name
        self.version = version
        self.path = path
        self.state = START
        self.error = None  # StatusError of a failed load
        self._model = None
        self.users = 0  # requests under way
        self._lock = threading.Lock()

    def __str__(self):
        return f"{{name: {self.name} version: {self.version}}}"

    @property
    def is_available(self):
        return self.state == AVAILABLE

    def load(self, load_model):
        """Loads with `load_model(path)`; a failure ends in END and in `error`."""
        self.state = LOADING
        try:
            self._model = load_model(self.path)
        except StatusError as error:
            self.error, self.state = error, END
        except Exception as error:  # whatever it was, the other versions go on serving
            self.error, self.state = StatusError(StatusCode.INTERNAL, str(error)), END
        else:
            self.state = AVAILABLE

    @contextlib.contextmanager
    def use(self):
        """Yields the model, or None when this version is not available.

        The model stays loaded until the last user has left, also after `unload`.
        """
        with self._lock:
            available = self.state == AVAILABLE
            self.users += available
        if not available:
            yield None
            return
        try:
            yield self._model
        finally:
            with self._lock:
                self.users -= 1
                self._close_if_unused()

    def unload(self):
        """Takes no new requests; frees the model when the last one is answered."""
        with self._lock:
            if self.state == AVAILABLE:
                self.state = UNLOADING
                self._close_if_unused()

    def _close_if_unused(self):
        if self.state == UNLOADING and self.users == 0:
            self._model.close()
            self._model, self.state = None, END
