"""A serving base: the versions of one model that servers see, withdrawn ones, and its lock."""

import contextlib
import dataclasses
import fcntl
import os
from pathlib import Path

from export.publishing.layout import DELETED, DRAFT, WITHDRAWN, numbered, refuse_object_store
from export.publishing.markers import PUBLISHED, read_json, refused_writing
from keras_reid.errors import ReIDError
from serving.contract import ENCODED_SUFFIX


@dataclasses.dataclass(frozen=True)
class Target:
    """Where versions of the model `name` are published: <base>/<name> and <base>/<name>_encoded."""

    base: Path
    name: str

    @property
    def main(self):
        return self.base / self.name

    @property
    def encoded(self):
        return self.base / (self.name + ENCODED_SUFFIX)

    @property
    def homes(self):
        """Encoded first: the order of appearing. Versions disappear in the opposite one."""
        return self.encoded, self.main

    @property
    def visible(self):
        """{version: folder} of what servers see as the main servable."""
        return numbered(self.main)

    @property
    def withdrawn(self):
        """{version: folder} of what was rolled back and kept."""
        return numbered(self.main, WITHDRAWN)

    @property
    def live(self):
        """The version that a server of the default policy answers with, or None."""
        return max(self.visible, default=None)

    @property
    def last(self):
        """The highest number in use, in whatever state and of either servable; 0 of none."""
        return max(
            (
                version
                for home in self.homes
                for prefix in ("", WITHDRAWN, DRAFT, DELETED)
                for version in numbered(home, prefix)
            ),
            default=0,
        )

    def about(self, version):
        """What PUBLISHED.json of a version says; {} of one that was put there by other means."""
        folder = self.visible.get(version) or self.withdrawn[version]
        return read_json(folder / PUBLISHED) if (folder / PUBLISHED).exists() else {}

    @contextlib.contextmanager
    def locked(self, waiting=lambda holder: None):
        """Holds the base against every other publisher; waits for one that is there.

        The lock belongs to the open file: a publisher that dies lets it go. The file stays,
        because two who lock a file that one of them deletes lock two files.

        Args:
          waiting: called with who holds it (text) before a wait.

        Raises:
          ReIDError: the base cannot be written.
        """
        path = self.base / f".{self.name}.lock"
        with contextlib.ExitStack() as stack:
            with refused_writing(self.base):
                file = stack.enter_context(open(path, "a+", encoding="utf-8"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                waiting(file.read().strip() or "another publisher")
                fcntl.flock(file, fcntl.LOCK_EX)
            with refused_writing(self.base):
                file.truncate(0)
                file.write(f"process {os.getpid()}\n")
                file.flush()
            yield


def find_target(base, name):
    """The Target of a serving base that exists and has a version.

    Raises:
      ReIDError: no base, no model of that name in it, or no version.
    """
    refuse_object_store(base)
    base = Path(base).expanduser()
    if not base.is_dir():
        raise ReIDError(f"there is no serving base {base}; give the folder above the models")
    target = Target(base.resolve(), check_name(name))
    if not target.main.is_dir():
        known = sorted(child.name for child in base.iterdir() if numbered(child))
        known = [each for each in known if not each.endswith(ENCODED_SUFFIX)]
        names = f"it holds {', '.join(known)}" if known else "it holds no model"
        raise ReIDError(f"{base} has no model {name!r}; {names}")
    if not target.visible and not target.withdrawn:
        raise ReIDError(f"{target.main} has no version; publish one with python -m export.publish")
    return target


def make_target(base, name):
    """The Target to publish to; it need not exist.

    Raises:
      ReIDError: a name that is none, or an object store.
    """
    refuse_object_store(base)
    return Target(Path(base).expanduser().absolute(), check_name(name))


def check_name(name):
    """The name, or a ReIDError where it is no plain folder name."""
    if not name or name != Path(name).name or name.startswith(".") or "://" in name:
        raise ReIDError(f"servable name {name!r} is no folder name; use letters, digits, - and _")
    if name.endswith(ENCODED_SUFFIX):
        raise ReIDError(
            f"{name} is an encoded servable, which goes along; name {name[: -len(ENCODED_SUFFIX)]}"
        )
    return name
