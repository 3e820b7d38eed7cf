"""Publishing: check, copy aside, rename."""

import contextlib
import dataclasses
import datetime
import os
import shutil
import time

from export.publishing import markers
from export.publishing.copying import copy_version
from export.publishing.fingerprint import fingerprint_of, size_of
from export.publishing.layout import DRAFT
from export.publishing.moves import appear, mend, no_step, sync
from keras_reid.errors import ReIDError

ROAD = {
    markers.INFRA: "run python -m export.validate --servable={main}",
    markers.MODEL: "run python -m export.bless --servable={main}",
}

NOTHING = "nothing was published"


@dataclasses.dataclass(frozen=True)
class Publication:
    """Where an export is published, and whether this call did it."""

    version: int
    new: bool


def publish(
    export, target, *, note="", allow_unblessed=False, again=False, at=no_step,
    copied=lambda count: None, waiting=lambda holder: None, origin=None,
):  # fmt: skip
    """Makes an export a new version of a serving base, both servables or neither.

    Args:
      export: Export. target: Target; its folders are made.
      note: text for `list`.
      allow_unblessed: publish what no blessing covers; PUBLISHED.json says so.
      again: publish content that is there already.
      at: told each step that is done: "locked", "encoded copied", "main copied", "checked",
        "encoded visible", "main visible".
      copied: called with the bytes of every file that was copied.
      waiting: called with who is publishing, where somebody is.
      origin: dict for PUBLISHED.json on how this came about.

    Returns:
      Publication.

    Raises:
      ReIDError: no blessing, one of other content, no space, no permission; nothing is visible.
    """
    fingerprint = export.fingerprint()
    blessings = collect_blessings(export, fingerprint, allow_unblessed)
    with refused(target, NOTHING):
        target.main.mkdir(parents=True, exist_ok=True)
    with target.locked(waiting):
        with refused(target, NOTHING):
            mend(target)
        at("locked")
        there = versions_with(target, fingerprint)
        if there and not again:
            return Publication(there[-1], new=False)
        version = max(int(time.time()), target.last + 1)
        about = {
            "schema": markers.SCHEMA,
            "version": version,
            "published": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "fingerprint": fingerprint,
            "bytes": sum(size_of(folder) for folder in export.folders.values()),
            "source": str(export.main),
            "note": note,
            "servables": list(export.folders),
            "origin": origin or {},
            **blessings,
        }
        with refused(target, NOTHING), cleaned(target):
            make_drafts(export, target, version, about, at, copied)
            appear(target, version, DRAFT, at)
    return Publication(version, new=True)


def collect_blessings(export, fingerprint, allow_unblessed):
    """{"blessed", "infra", "model"} for PUBLISHED.json.

    Raises:
      ReIDError: a blessing is missing and that was not allowed.
    """
    found = {}
    for kind, remedy in ROAD.items():
        try:
            found[kind.lower()] = markers.blessed_content(
                export.main, kind, fingerprint, remedy.format(main=export.main)
            )
        except ReIDError as error:
            if not allow_unblessed:
                raise
            found[kind.lower()] = {"missing": str(error)}
    return {"blessed": all("missing" not in each for each in found.values()), **found}


def versions_with(target, fingerprint):
    """Numbers of the versions with this content, those that servers see last."""
    withdrawn, visible = (
        [v for v in sorted(versions) if target.about(v).get("fingerprint") == fingerprint]
        for versions in (target.withdrawn, target.visible)
    )
    return [*withdrawn, *visible]


def make_drafts(export, target, version, about, at, copied):
    """Copies both servables to where one rename each makes them visible, and compares them."""
    drafts = []
    parts = [(target.main, export.main, "main copied")]
    if export.encoded:
        parts.insert(0, (target.encoded, export.encoded, "encoded copied"))
    for home, source, step in parts:
        home.mkdir(exist_ok=True)
        draft = home / f"{DRAFT}{version}"
        copy_version(source, draft, copied)
        (draft / markers.PUBLISHED).unlink(missing_ok=True)  # of an export that was one before
        os.replace(markers.write_aside(draft, about), draft / markers.PUBLISHED)
        sync(draft)
        sync(home)
        drafts.insert(0, draft)
        at(step)
    if fingerprint_of(drafts) != about["fingerprint"]:
        raise ReIDError(f"{export.main} changed while it was copied; publish it again")
    at("checked")


@contextlib.contextmanager
def cleaned(target):
    """Leaves no draft and no half version behind when the body fails."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            mend(target)
        raise


@contextlib.contextmanager
def refused(target, outcome):
    """Turns what the file system says into one sentence that ends in `outcome`."""
    try:
        yield
    except (OSError, shutil.Error) as error:
        # copytree collects what went wrong: (source, copy, reason) of each file.
        reason = error.args[0][0][2] if isinstance(error, shutil.Error) else error.strerror
        raise ReIDError(
            f"cannot change {target.main}: {reason or error}; it needs space and write permission, "
            f"and {outcome}"
        ) from error
