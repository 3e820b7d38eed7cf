"""The versions of a serving base as rows, for a table or for JSON."""

import dataclasses

from export.publishing.fingerprint import size_of
from export.publishing.layout import WITHDRAWN, numbered

LIVE, READY, GONE, HALF = "live", "ready", "withdrawn", "half"


@dataclasses.dataclass(frozen=True)
class Row:
    """One version.

    state: "live" (the one that the default policy serves), "ready" to be rolled back to, or
      "withdrawn"; "half" is an encoded servable alone, which a crash left and the next change of
      the base takes back. published: ISO time, "" of a version that came by other means.
    bytes: of both servables. blessed: whether both blessings covered it, None where not known.
    servables: of which it consists; servers: {address: state of the main servable there}.
    """

    version: int
    state: str
    published: str
    bytes: int
    fingerprint: str
    blessed: bool | None
    note: str
    servables: tuple
    servers: dict


def rows(target, servers=()):
    """A Row for each version, newest first.

    servers: RunningServers.

    Raises:
      ReIDError: a PUBLISHED.json that is none. ServingError: a server that does not answer.
    """
    known = {server.address: server.states(target.name) for server in servers}
    encoded = numbered(target.encoded) | numbered(target.encoded, WITHDRAWN)
    found = [
        _row(target, version, folder, state, encoded, known)
        for versions, state in ((target.visible, READY), (target.withdrawn, GONE))
        for version, folder in versions.items()
    ]
    found += [
        Row(version, HALF, "", size_of(folder), "", None, "", (target.encoded.name,), {})
        for version, folder in numbered(target.encoded).items()
        if version not in target.visible
    ]
    return sorted(found, key=lambda row: row.version, reverse=True)


def _row(target, version, folder, state, encoded, known):
    about = target.about(version)
    folders = {target.main.name: folder}
    if version in encoded:
        folders[target.encoded.name] = encoded[version]
    return Row(
        version=version,
        state=LIVE if version == target.live and state == READY else state,
        published=about.get("published", ""),
        bytes=sum(size_of(each) for each in folders.values()),
        fingerprint=about.get("fingerprint", ""),
        blessed=about.get("blessed"),
        note=about.get("note", ""),
        servables=tuple(folders),
        servers={address: there.get(version, "-") for address, there in known.items()},
    )


def table(found):
    """Lines of text for a terminal."""
    head = ["version", "state", "published", "MB", "fingerprint", "blessed", "servables"]
    addresses = sorted({address for row in found for address in row.servers})
    lines = [[*head, *addresses, "note"]]
    for row in found:
        blessed = {True: "yes", False: "NO", None: "?"}[row.blessed]
        lines.append(
            [
                str(row.version), row.state, row.published or "?", f"{row.bytes / 1e6:.1f}",
                row.fingerprint or "?", blessed, servables(row),
                *[row.servers.get(address, "-") for address in addresses], row.note,
            ]
        )  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def servables(row):
    """Which servables a version consists of, in a few words."""
    if len(row.servables) == 2:
        return "both"
    return "encoded only" if row.state == HALF else "main only"
