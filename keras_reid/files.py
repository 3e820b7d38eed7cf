"""Writing a file or folder so that nobody ever sees half of it."""

import contextlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from keras_reid.errors import ReIDError


@contextlib.contextmanager
def aside(path):
    """Yields a path beside `path`; renames it there if the body succeeds, removes it if not.

    Raises ReIDError when the place cannot be written (read-only, full, missing rights).
    """
    path = Path(path)
    holder = _holder(path)
    try:
        draft = holder / path.name
        yield draft
        os.replace(draft, path)
    except OSError as error:
        raise ReIDError(
            f"cannot write {path}: {error.strerror or error}; "
            "choose a folder with space and write permission"
        ) from error
    finally:
        shutil.rmtree(holder, ignore_errors=True)


def check_writable(path):
    """Raises ReIDError when `path` could not be written: before an hour of work, not after."""
    path = Path(path)
    if path.is_dir():
        raise ReIDError(f"cannot write {path}: it is a folder; name a file")
    _holder(path).rmdir()


def _holder(path):
    """A new folder beside `path`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise ReIDError(
            f"cannot write {path}: {error.strerror}; "
            "choose a folder with space and write permission"
        ) from error


def write_json(path, value):
    """Writes `value` as indented JSON, aside and then renamed."""
    with aside(path) as draft:
        draft.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")
