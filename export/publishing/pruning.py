"""Deleting old versions, never one that somebody may still be answered by."""

from export.publishing.moves import delete, mend, no_step
from export.publishing.publisher import refused

AS_IT_IS = "versions that were not reached are as they were; the same command goes on"


def plan(target, keep, servers=()):
    """What pruning would delete.

    Args:
      target: Target.
      keep: how many visible versions to keep, and how many withdrawn ones; the newest, and the
        live one in any case.
      servers: RunningServers; what they have loaded, or are loading, is kept.

    Returns:
      (delete, busy): versions, oldest first; busy are those that only a server keeps alive.

    Raises:
      ServingError: a server that does not answer.
    """
    old = []
    for versions in (target.visible, target.withdrawn):
        old += sorted(versions)[: max(0, len(versions) - keep)]
    old = sorted(set(old) - {target.live})
    used = set()
    for server in servers:
        for name in (target.main.name, target.encoded.name):
            used |= server.in_use(name)
    return [each for each in old if each not in used], [each for each in old if each in used]


def prune(target, keep, servers=(), *, at=no_step, waiting=lambda holder: None):
    """Deletes what `plan` names; returns the same."""
    with target.locked(waiting), refused(target, AS_IT_IS):
        mend(target)
        doomed, busy = plan(target, keep, servers)
        for version in doomed:
            delete(target, version, at)
    return doomed, busy
