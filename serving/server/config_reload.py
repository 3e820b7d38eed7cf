"""New configurations for a running server: by HandleReloadConfigRequest, and by a changing file."""

import logging
import threading

from grpc import StatusCode

from serving.errors import ServingError
from serving.messages import ERROR_CODE
from serving.server.errors import StatusError, invalid_argument
from serving.server.model_config import model_configs, read_model_config

logger = logging.getLogger(__name__)

OFF = (
    "HandleReloadConfigRequest names paths of this machine and is off; "
    "the server's owner can start it with --enable_config_reload_rpc"
)


def reload_config(manager, request, response):
    """Answers a ReloadConfigRequest: its configuration replaces all of the server's."""
    if request.config.WhichOneof("config") != "model_config_list":
        raise invalid_argument(
            "ServerModelConfig type not supported by HandleReloadConfigRequest. "
            "Only ModelConfigList is currently supported"
        )
    try:
        configs = model_configs(request.config)
    except ServingError as error:
        raise invalid_argument(str(error)) from error
    manager.reload(configs)
    response.status.error_code = ERROR_CODE["OK"]


def refuse_reload(manager, request, response):
    """The answer of a server that was not told to take configurations from clients."""
    raise StatusError(StatusCode.PERMISSION_DENIED, OFF)


class ConfigFile:
    """A --model_config_file, given to the manager whenever its content is another one.

    A file that cannot be read or used by then is logged, once for each content, and changes
    nothing.
    """

    def __init__(self, path):
        self._path = path
        self._content = None
        self._stopping = threading.Event()
        self._thread = None

    def configs(self):
        """The ModelConfigs in it now; raises ServingError."""
        self._content = self._read()
        return read_model_config(self._path)

    def follow(self, manager, seconds):
        """Looks every so many seconds from now on, until `stop`."""
        self._thread = threading.Thread(
            target=self._run, args=(manager, seconds), name="config-poll", daemon=True
        )
        self._thread.start()

    def stop(self):
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, manager, seconds):
        while not self._stopping.wait(seconds):
            try:
                self.poll(manager)
            except Exception:  # the poll must outlive any surprise on disk
                logger.exception("polling --model_config_file failed")

    def poll(self, manager):
        """Looks once."""
        if self._read() == self._content:
            return
        try:
            manager.reload(self.configs())
        except (ServingError, StatusError) as error:
            logger.error("%s", error)

    def _read(self):
        try:
            with open(self._path, "rb") as file:
                return file.read()
        except OSError:
            return None
