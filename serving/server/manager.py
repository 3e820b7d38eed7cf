"""The models of a server: which are configured, which versions are loaded, which one answers.

A poll compares the disk with what is loaded. A new version is loaded before the old one is let
go, so that a model which answers goes on answering; a version that fails to load leaves the old
one serving and is not tried again while its directory stays.
"""

import contextlib
import logging
import threading

from grpc import StatusCode

from serving.errors import ServingError
from serving.server.errors import StatusError, invalid_argument, not_found
from serving.server.memory import give_back
from serving.server.served_model import ModelConfig, ServedModel

__all__ = ["ModelConfig", "ModelManager"]
logger = logging.getLogger(__name__)


class ModelManager:
    """Loads, swaps and lends models.

    Args:
      configs: ModelConfigs with distinct names.
      load_model: callable(path) -> model with `signatures`, `run` and `close`.
      poll_seconds: how often the disk is looked at; 0 means only once, at the start.
      unavailable_labels: accept labels of versions that are not loaded.
    """

    def __init__(self, configs, load_model, *, poll_seconds=1.0, unavailable_labels=False):
        self._models = {config.name: ServedModel(config) for config in configs}
        self._load_model = load_model
        self._poll_seconds = poll_seconds
        self._unavailable_labels = unavailable_labels
        self._moving = threading.Lock()  # one poll or reload at a time
        self._freed = False
        self._stopping = threading.Event()
        self._poller = threading.Thread(target=self._poll_forever, name="version-poll", daemon=True)

    @property
    def names(self):
        return list(self._models)

    def start(self):
        """Loads every model; raises ServingError if one has no version that can serve."""
        with self._moving:
            for model in self._models.values():
                self._start_model(model)
        if self._poll_seconds > 0:
            self._poller.start()

    def _start_model(self, model):
        config = model.config
        try:
            wanted = model.look()
        except OSError as error:
            raise ServingError(
                f"cannot read base path {config.base_path} of model {config.name!r}: "
                f"{error.strerror}; it is the directory above the numbered versions"
            ) from error
        if not wanted:
            raise ServingError(
                f"no version of model {config.name!r} to serve under {config.base_path}; "
                "a version is a directory whose name is a number, such as 1"
            )
        model.load(self._load_model)
        if not model.is_available:
            reasons = "; ".join(f"version {s.version}: {s.error}" for s in model.servables)
            raise ServingError(f"model {config.name!r} did not become available: {reasons}")
        try:
            self._label(model)
        except StatusError as error:
            raise ServingError(error.message) from error

    def stop(self):
        """Stops polling and lets every model go once its requests are answered."""
        self._stopping.set()
        if self._poller.is_alive():
            self._poller.join()
        with self._moving:
            for model in self._models.values():
                model.unload_versions()

    def _poll_forever(self):
        while not self._stopping.wait(self._poll_seconds):
            try:
                self.poll()
            except Exception:  # the poll must outlive any surprise on disk
                logger.exception("polling the model directories failed")

    def poll(self):
        """Loads and unloads once, as the disk asks."""
        with self._moving:
            if self._freed:
                self._freed = False
                give_back()  # a poll later: by then requests on the old version are answered
            for model in self._models.values():
                with contextlib.suppress(OSError):  # logged, and looked at again next time
                    model.look()
                    model.load(self._load_model)
                    self._freed |= model.unload()

    def reload(self, configs):
        """Replaces the whole configuration while requests are answered.

        All that can be done is done: what is new is loaded, labels move, and only then what is
        not wanted is let go. A model whose base path is away keeps its versions.

        Raises StatusError, after that, for a new model that did not become available and for a
        label of a version that is not.
        """
        with self._moving:
            before, models, failures = self._models, {}, []
            for config in configs:
                known = before.get(config.name)
                models[config.name] = model = known or ServedModel(config)
                model.config = config
                with contextlib.suppress(OSError):
                    model.look()
                    model.load(self._load_model)
                if known is None and not model.is_available:
                    failures.append(_did_not_load(model))
            self._models = models
            for model in models.values():
                try:
                    self._label(model)
                except StatusError as error:
                    failures.append(error)
                model.unload()
            for name in before.keys() - models.keys():
                before[name].unload_versions()
            self._freed = True
        logger.info("models %s are configured now", ", ".join(models))
        if failures:
            raise failures[0]

    def _label(self, model):
        """Gives the labels of the configuration to the versions; all of them or none."""
        for label, version in model.config.labels.items():
            allowed = self._unavailable_labels and label not in model.labels
            if not allowed and not model.has(version):
                raise StatusError(
                    StatusCode.FAILED_PRECONDITION,
                    f"Request to assign label to version {version} of model {model.config.name}, "
                    "which is not currently available for inference",
                )
        model.labels = dict(model.config.labels)

    def version_states(self, name):
        """Every version ever seen of a model, oldest first; empty for an unknown name."""
        return self._models[name].servables if name in self._models else []

    @contextlib.contextmanager
    def model(self, name, *, version=None, label=None):
        """Yields (version, model) for the spec of a request and keeps it loaded meanwhile."""
        if not name:
            raise invalid_argument("ModelSpec has no name specified.")
        model = self._models.get(name)
        if label:
            if model is None:
                raise invalid_argument(f"Unrecognized servable version label: {label}")
            version = model.version_of(label)
        if model is None:
            kind = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise not_found(f"Servable not found for request: {kind}")
        with model.lend(version) as lent:
            yield lent


def _did_not_load(model):
    config = model.config
    reasons = [str(s.error) for s in model.servables] or [f"no version under {config.base_path}"]
    return StatusError(
        StatusCode.UNKNOWN,
        f"1 servable(s) did not become available: {{{{name: {config.name}}} due to error: "
        f"{'; '.join(reasons)}}}",
    )
