"""The moves that make a version of both servables appear and disappear, and that mend a crash.

Appearing: encoded first, main last. Disappearing: main first. So whoever sees a main version sees
its encoded one, at any moment, also after a crash between two moves; what such a crash leaves is an
encoded version without a main one, and `mend`, with which every command begins, takes it back.
"""

import os
import shutil

from export.publishing.layout import DELETED, DRAFT, WITHDRAWN, numbered
from export.publishing.markers import PUBLISHED


def no_step(step):
    """Tells nobody."""


def appear(target, version, prefix, at=no_step):
    """Renames `<prefix><version>` to `<version>`, encoded first.

    at: told each step that is done, a point where the process might die.
    """
    for home, step in zip(target.homes, ("encoded visible", "main visible"), strict=True):
        _move(home, f"{prefix}{version}", str(version))
        at(step)


def disappear(target, version, prefix, at=no_step):
    """Renames a visible version to `<prefix><version>`, main first."""
    folder = target.visible[version].name  # may be written 00123
    for home, step in zip(reversed(target.homes), ("main away", "encoded away"), strict=True):
        _move(home, folder, f"{prefix}{version}")
        at(step)


def delete(target, version, at=no_step):
    """Deletes a visible or withdrawn version: away from servers first, whatever happens then."""
    if version in target.visible:
        disappear(target, version, DELETED, at)
    else:
        for home in reversed(target.homes):
            _move(home, f"{WITHDRAWN}{version}", f"{DELETED}{version}")
            at("renamed")
    for home in target.homes:
        shutil.rmtree(home / f"{DELETED}{version}", ignore_errors=True)
        at("deleted")


def mend(target):
    """Takes back what a publisher that died left half done; needs the lock.

    Drafts go, and versions being deleted. An encoded version of ours without its main one is
    withdrawn where the main one is, and goes where there is none.
    """
    mains = numbered(target.main)
    for version, folder in numbered(target.encoded).items():
        if version not in mains and (folder / PUBLISHED).exists():
            away = WITHDRAWN if version in target.withdrawn else DELETED
            _move(target.encoded, folder.name, f"{away}{version}")
    for version in numbered(target.encoded, WITHDRAWN):
        if version not in target.withdrawn:
            # Its main one was deleted, or was made visible again by hand.
            back = str(version) if version in mains else f"{DELETED}{version}"
            _move(target.encoded, f"{WITHDRAWN}{version}", back)
    for home in target.homes:
        for prefix in (DRAFT, DELETED):
            for folder in numbered(home, prefix).values():
                shutil.rmtree(folder, ignore_errors=True)


def sync(folder):
    """Writes a directory's entries to the disk: a rename is lost with the power before that."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _move(home, old, new):
    """Renames within one home; a servable that the version does not have is no fault."""
    if (home / old).is_dir():
        os.rename(home / old, home / new)
        sync(home)
