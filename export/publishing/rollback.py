"""Going back to an earlier version, and forth again.

A server of the default policy answers with the highest number that it sees. To go back, what lies
above is moved to names that are no numbers, and kept. The other way, publishing the old content
under a new number, would need the space of a copy and would load while the bad version answers.
"""

from export.publishing.layout import WITHDRAWN
from export.publishing.moves import appear, disappear, mend, no_step
from export.publishing.publisher import refused
from keras_reid.errors import ReIDError

AS_IT_IS = "what was not moved yet is as it was; the same command goes on"


def roll_back(target, version=None, *, at=no_step, waiting=lambda holder: None):
    """Makes `version` the highest that servers see.

    Args:
      target: Target.
      version: visible or withdrawn; None is the one before the live one.
      at: told each move that is done.
      waiting: called with who is publishing, where somebody is.

    Returns:
      (restored, withdrawn): versions that were moved, in this order.

    Raises:
      ReIDError: no such version, or none before the live one.
    """
    with target.locked(waiting), refused(target, AS_IT_IS):
        mend(target)
        version = check_version(target, previous(target) if version is None else version)
        restored = [version] if version in target.withdrawn else []
        if restored:
            appear(target, version, WITHDRAWN, at)
        # Oldest first: the live one answers until all below it are out of the way, and no server
        # loads a version in between.
        withdrawn = [each for each in sorted(target.visible) if each > version]
        for each in withdrawn:
            disappear(target, each, WITHDRAWN, at)
    return restored, withdrawn


def undo(target, *, at=no_step, waiting=lambda holder: None):
    """Takes the last rollback back: the highest withdrawn version is live again.

    Returns and raises what `roll_back` does; also ReIDError where nothing newer was withdrawn.
    """
    newer = [each for each in target.withdrawn if each > (target.live or 0)]
    if not newer:
        raise ReIDError(
            f"no version of {target.main} newer than {target.live} was withdrawn, so there is "
            "nothing to undo; name a version with --to"
        )
    return roll_back(target, max(newer), at=at, waiting=waiting)


def previous(target):
    """The version before the live one, or a ReIDError."""
    earlier = sorted(target.visible)[:-1]
    if not earlier:
        raise ReIDError(
            f"{target.main} has no version before {target.live}; publish one, or name a withdrawn "
            "one with --to"
        )
    return earlier[-1]


def check_version(target, version):
    """The version, or a ReIDError that lists those there are."""
    known = sorted({*target.visible, *target.withdrawn})
    if version not in known:
        raise ReIDError(
            f"{target.main} has no version {version}; it has {', '.join(map(str, known))}"
        )
    return version
