"""One model of a server: its versions on disk and in memory, its labels, and who may use which."""

import contextlib
import dataclasses
import logging

from serving.server.errors import invalid_argument, not_found
from serving.server.servable import END, Servable
from serving.server.versions import Latest, aspired_versions

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """A model to serve: its name in requests and the directory above its versions."""

    name: str
    base_path: str
    policy: object = Latest()  # noqa: RUF009
    labels: dict = dataclasses.field(default_factory=dict)


class ServedModel:
    """The versions of one model. One thread at a time moves them; any number may use them."""

    def __init__(self, config):
        self.config = config
        self.labels = {}  # those that requests are answered by: checked, unlike the config's
        self._servables = {}  # every version ever seen
        self._aspired = {}  # version -> directory, as they were last asked for
        self._wanted = {}  # .. and as the disk has them now
        self._readable = True

    @property
    def servables(self):
        """Every version ever seen, oldest first."""
        servables = self._servables
        return [servables[version] for version in sorted(servables)]

    @property
    def is_available(self):
        return any(servable.is_available for servable in self.servables)

    def has(self, version):
        """Whether this version answers."""
        servable = self._servables.get(version)
        return servable is not None and servable.is_available

    def look(self):
        """Looks at the disk; returns the versions wanted. Raises OSError, and then wants as before.

        A base path that is away for a moment must not take the model down.
        """
        try:
            self._wanted = aspired_versions(self.config.base_path, self.config.policy)
        except OSError as error:
            if self._readable:
                logger.error("cannot read %s: %s", self.config.base_path, error.strerror)
            self._readable = False
            raise
        self._readable = True
        return self._wanted

    def load(self, load_model):
        """Loads what is wanted, each directory once while it stays, the newest version first."""
        for version, path in sorted(self._wanted.items() - self._aspired.items(), reverse=True):
            old = self._servables.get(version)
            answers = old is not None and old.is_available
            if answers and old.path == path:
                continue
            servable = Servable(self.config.name, version, path)
            if not answers:  # what is loading can be seen; what answers stays where it is
                self._servables = {**self._servables, version: servable}
            servable.load(load_model)
            if servable.error:
                logger.error("servable %s cannot be loaded: %s", servable, servable.error)
                continue
            self._servables = {**self._servables, version: servable}
            logger.info("loaded servable %s", servable)
            if answers:
                old.unload()
        self._aspired = dict(self._wanted)

    def unload(self):
        """Lets go what is not wanted, unless nothing that is wanted could take over.

        Returns whether any version went.
        """
        if self._wanted and not any(self.has(version) for version in self._wanted):
            return False
        return self.unload_versions(lambda version: version not in self._wanted)

    def unload_versions(self, is_to_go=lambda version: True):
        going = [s for s in self.servables if is_to_go(s.version) and s.is_available]
        for servable in going:
            servable.unload()
            logger.info("unloaded servable %s", servable)
        return bool(going)

    def version_of(self, label):
        if label not in self.labels:
            raise invalid_argument(f"Unrecognized servable version label: {label}")
        return self.labels[label]

    @contextlib.contextmanager
    def lend(self, version=None):
        """Yields (version, model) and keeps it loaded meanwhile; None is the newest there is."""
        while True:
            seen = self.servables
            if version is None:
                wanted = [s for s in reversed(seen) if s.state != END]
            else:
                wanted = [s for s in seen if s.version == version]
            for servable in wanted:
                with servable.use() as model:
                    if model is not None:
                        yield servable.version, model
                        return
            # Between a look at the new version, still loading, and one at the old, the new one may
            # have taken over: a request is not lost for that.
            if not (self.has(version) if version is not None else self.is_available):
                kind = f"Latest({self.config.name})"
                if version is not None:
                    kind = f"Specific({self.config.name}, {version})"
                raise not_found(f"Servable not found for request: {kind}")
