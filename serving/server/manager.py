"""The models of a server: which versions are loaded, and which one answers a request.

A poll compares the disk with what is loaded. A new version is loaded before the old one is let
go, so that a model which answers goes on answering; a version that fails to load leaves the old
one serving and is not tried again while its directory stays.
"""

import contextlib
import dataclasses
import logging
import threading

from serving.errors import ServingError
from serving.server.errors import invalid_argument, not_found
from serving.server.servable import AVAILABLE, END, Servable
from serving.server.versions import Latest, aspired_versions

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """A model to serve: its name in requests and the directory above its versions."""

    name: str
    base_path: str
    policy: object = Latest()  # noqa: RUF009
    labels: dict = dataclasses.field(default_factory=dict)


class ModelManager:
    """Loads, swaps and lends models.

    Args:
      configs: ModelConfigs with distinct names.
      load_model: callable(path) -> model with `signatures`, `run` and `close`.
      poll_seconds: how often the disk is looked at; 0 means only once, at the start.
      unavailable_labels: accept labels of versions that are not loaded.
    """

    def __init__(self, configs, load_model, *, poll_seconds=1.0, unavailable_labels=False):
        self._configs = {config.name: config for config in configs}
        self._load_model = load_model
        self._poll_seconds = poll_seconds
        self._unavailable_labels = unavailable_labels
        self._servables = {name: {} for name in self._configs}  # every version ever seen
        self._aspired = {name: set() for name in self._configs}
        self._unreadable = set()
        self._stopping = threading.Event()
        self._poller = threading.Thread(target=self._poll_forever, name="version-poll", daemon=True)

    @property
    def names(self):
        return list(self._configs)

    def start(self):
        """Loads every model; raises ServingError if one has no version that can serve."""
        for config in self._configs.values():
            self._start_model(config)
        if self._poll_seconds > 0:
            self._poller.start()

    def _start_model(self, config):
        try:
            aspired = aspired_versions(config.base_path, config.policy)
        except OSError as error:
            raise ServingError(
                f"cannot read base path {config.base_path} of model {config.name!r}: "
                f"{error.strerror}; it is the directory above the numbered versions"
            ) from error
        if not aspired:
            raise ServingError(
                f"no version of model {config.name!r} to serve under {config.base_path}; "
                "a version is a directory whose name is a number, such as 1"
            )
        self._move_to(config.name, aspired)
        states = self.version_states(config.name)
        if not any(servable.state == AVAILABLE for servable in states):
            reasons = "; ".join(f"version {s.version}: {s.error}" for s in states)
            raise ServingError(f"model {config.name!r} did not become available: {reasons}")
        for version in config.labels.values():
            if not self._unavailable_labels and not self._is_available(config.name, version):
                raise ServingError(
                    f"Request to assign label to version {version} of model {config.name}, "
                    "which is not currently available for inference"
                )

    def stop(self):
        """Stops polling and lets every model go once its requests are answered."""
        self._stopping.set()
        if self._poller.is_alive():
            self._poller.join()
        for name in self._configs:
            for servable in self.version_states(name):
                servable.unload()

    def _poll_forever(self):
        while not self._stopping.wait(self._poll_seconds):
            try:
                self.poll()
            except Exception:  # the poll must outlive any surprise on disk
                logger.exception("polling the model directories failed")

    def poll(self):
        """Loads and unloads once, as the disk asks."""
        for config in self._configs.values():
            try:
                aspired = aspired_versions(config.base_path, config.policy)
            except OSError as error:
                # A base path that is away for a moment must not take the model down.
                if config.name not in self._unreadable:
                    logger.error("cannot read %s: %s", config.base_path, error.strerror)
                self._unreadable.add(config.name)
                continue
            self._unreadable.discard(config.name)
            self._move_to(config.name, aspired)

    def _move_to(self, name, aspired):
        servables = self._servables[name]
        for version in sorted(aspired.keys() - self._aspired[name], reverse=True):
            if self._is_available(name, version):
                continue
            servable = Servable(name, version, aspired[version])
            self._servables[name] = servables = {**servables, version: servable}
            servable.load(self._load_model)
            if servable.error:
                logger.error("servable %s cannot be loaded: %s", servable, servable.error)
            else:
                logger.info("loaded servable %s", servable)
        self._aspired[name] = set(aspired)
        if aspired and not any(self._is_available(name, version) for version in aspired):
            return
        for version, servable in servables.items():
            if version not in aspired and servable.state == AVAILABLE:
                servable.unload()
                logger.info("unloaded servable %s", servable)

    def _is_available(self, name, version):
        servable = self._servables[name].get(version)
        return servable is not None and servable.state == AVAILABLE

    def version_states(self, name):
        """Every version ever seen of a model, oldest first; empty for an unknown name."""
        servables = self._servables.get(name, {})
        return [servables[version] for version in sorted(servables)]

    @contextlib.contextmanager
    def model(self, name, *, version=None, label=None):
        """Yields (version, model) for the spec of a request and keeps it loaded meanwhile."""
        if not name:
            raise invalid_argument("ModelSpec has no name specified.")
        if label:
            labels = self._configs[name].labels if name in self._configs else {}
            if label not in labels:
                raise invalid_argument(f"Unrecognized servable version label: {label}")
            version = labels[label]
        if version is None:
            wanted = [s for s in reversed(self.version_states(name)) if s.state != END]
            request = f"Latest({name})"
        else:
            wanted = [s for s in self.version_states(name) if s.version == version]
            request = f"Specific({name}, {version})"
        for servable in wanted:
            with servable.use() as model:
                if model is not None:
                    yield servable.version, model
                    return
        raise not_found(f"Servable not found for request: {request}")
