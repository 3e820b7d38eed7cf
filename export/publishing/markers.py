"""Blessings: files in a version folder, which say in JSON who found what about which content.

The names are those of TFX. A server reads only what it knows, so they do not disturb it.
"""

import contextlib
import json
import os
import tempfile

from keras_reid.errors import ReIDError

INFRA, MODEL = "INFRA", "MODEL"
PUBLISHED = "PUBLISHED.json"
SCHEMA = 1


def bless(folder, kind, blessed, content):
    """Writes <kind>_BLESSED or <kind>_NOT_BLESSED, whole, and takes the other away.

    Args:
      folder: version folder.
      kind: INFRA or MODEL. blessed: which of the two.
      content: dict for the file; "fingerprint" in it ties the blessing to the files.

    Raises:
      ReIDError: the folder cannot be written.
    """
    name, other = _names(kind) if blessed else reversed(_names(kind))
    with refused_writing(folder):
        draft = write_aside(folder, {"schema": SCHEMA, **content})
        try:
            # In this order a crash leaves none of them, which counts as not blessed.
            (folder / other).unlink(missing_ok=True)
            os.replace(draft, folder / name)
        except OSError:
            os.unlink(draft)
            raise
    return folder / name


def blessing(folder, kind):
    """(blessed, content) of a version folder, or (None, {}) where there is no such marker.

    Raises:
      ReIDError: a marker that is no JSON of ours.
    """
    yes, no = (folder / name for name in _names(kind))
    for path, blessed in ((no, False), (yes, True)):  # where both lie, the worse one counts
        if path.exists():
            return blessed, read_json(path)
    return None, {}


def blessed_content(folder, kind, fingerprint, remedy):
    """What a blessing of exactly these files says.

    Raises:
      ReIDError: no blessing, a refusal, or one of other files; `remedy` says what to do.
    """
    blessed, content = blessing(folder, kind)
    if not blessed:
        what = "is not" if blessed is None else "was refused, so it is not"
        raise ReIDError(f"{folder} {what} {kind}_BLESSED; {remedy}")
    if content.get("fingerprint") != fingerprint:
        raise ReIDError(f"{folder} was changed since it was {kind}_BLESSED; {remedy}")
    return content


def read_json(path):
    """A marker's dict, or a ReIDError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReIDError(f"{path} cannot be read as JSON; remove it and write it again") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise ReIDError(f"{path} is no marker of schema {SCHEMA}; remove it and write it again")
    return content


def write_aside(folder, content):
    """A new hidden file in `folder` with `content` as JSON, on the disk."""
    handle, draft = tempfile.mkstemp(prefix=".marker.", dir=folder)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2, sort_keys=True)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, 0o644)
    except BaseException:
        os.unlink(draft)
        raise
    return draft


@contextlib.contextmanager
def refused_writing(folder):
    """Turns an OSError of the body into one sentence about `folder`."""
    try:
        yield
    except OSError as error:
        raise ReIDError(
            f"cannot write {folder}: {error.strerror or error}; it needs space and write permission"
        ) from error


def _names(kind):
    return f"{kind}_BLESSED", f"{kind}_NOT_BLESSED"
