"""One short number for all that a model server reads of an export."""

import hashlib
import os

from keras_reid.errors import ReIDError

# What validation, blessing and publishing say about a version is no part of the version.
MARKERS = frozenset(
    ["INFRA_BLESSED", "INFRA_NOT_BLESSED", "MODEL_BLESSED", "MODEL_NOT_BLESSED", "PUBLISHED.json"]
)
DRAFT_PREFIX = "."  # markers are written aside under such a name


def fingerprint_of(folders):
    """16 hex digits of the files below `folders`, in this order, whatever the folders are called.

    Raises:
      ReIDError: a file that cannot be read.
    """
    digest = hashlib.sha256()
    for position, folder in enumerate(folders):
        for relative in files_below(folder):
            try:
                with open(folder / relative, "rb") as file:
                    content = _digest(file)
            except OSError as error:
                raise ReIDError(
                    f"cannot read {folder / relative}: {error.strerror}; was it moved?"
                ) from error
            digest.update(f"{position}\t{relative}\t{content}\n".encode())
    return digest.hexdigest()[:16]


def files_below(folder):
    """Relative POSIX paths of a version's files, sorted, without the markers at its top."""
    found = []
    for place, _, names in os.walk(folder, followlinks=True):
        top = os.path.samefile(place, folder)
        for name in names:
            if top and (name in MARKERS or name.startswith(DRAFT_PREFIX)):
                continue
            found.append(os.path.relpath(os.path.join(place, name), folder).replace(os.sep, "/"))
    return sorted(found)


def size_of(folder):
    """Bytes of a version's files."""
    return sum(os.stat(os.path.join(folder, name)).st_size for name in files_below(folder))


def _digest(file):
    """hashlib.file_digest, which Python 3.10 does not have."""
    digest = hashlib.sha256()
    while block := file.read(2**20):
        digest.update(block)
    return digest.hexdigest()
