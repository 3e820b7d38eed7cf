"""Copying a version so that it is on the disk, not only in memory, before anybody sees it."""

import os
import shutil

from export.publishing.fingerprint import DRAFT_PREFIX
from export.publishing.moves import sync


def copy_version(source, draft, copied=lambda count: None):
    """Copies a version folder to `draft`, every file and folder of it synced.

    Args:
      source: version folder; links are followed, hidden files at its top left out.
      draft: a path that does not exist.
      copied: called with the bytes of every file that was copied.

    Raises:
      OSError, shutil.Error: anything that could not be read or written.
    """

    def copy_file(origin, copy):
        shutil.copyfile(origin, copy)
        handle = os.open(copy, os.O_RDONLY)
        try:
            os.fsync(handle)
            copied(os.fstat(handle).st_size)
        finally:
            os.close(handle)
        return copy

    def hidden(folder, names):
        top = os.path.samefile(folder, source)
        return [name for name in names if top and name.startswith(DRAFT_PREFIX)]

    shutil.copytree(source, draft, copy_function=copy_file, ignore=hidden)
    sync_tree(draft)


def sync_tree(folder):
    """Syncs every directory of a tree, deepest first."""
    for place, _, _ in os.walk(folder, topdown=False):
        sync(place)
