"""Blessing: is an export good enough, by itself and beside the version that is live?"""

import dataclasses
from pathlib import Path

from export.publishing import markers
from export.publishing.bars import judge, missed
from export.publishing.figures import Figures
from export.publishing.layout import Export
from export.publishing.target import find_target
from keras_reid.errors import ReIDError
from serving.contract import ENCODED_SUFFIX

VALIDATE = "run python -m export.validate --servable={main}"


def live_export(path):
    """The Export that servers of <serving base>/<name> answer with.

    Raises:
      ReIDError: no such model there, or none of its versions visible.
    """
    path = Path(path)
    target = find_target(path.parent, path.name)
    if target.live is None:
        raise ReIDError(f"{path} has no live version; leave out --live, or undo its rollback")
    main = target.visible[target.live]
    encoded = path.parent / (path.name + ENCODED_SUFFIX) / main.name
    return Export(path.name, target.live, main, encoded if encoded.is_dir() else None)


def bless(export, candidate, live, bars, *, origin, data):
    """Judges an export and writes its marker.

    Args:
      export: Export, validated.
      candidate: Figures. live: (Export, Figures) of the live version, or None.
      bars: Bars.
      origin: dict on how this came about. data: dict on what was measured on.

    Returns:
      (list of Judgement, reason): reason is "" where it is blessed.

    Raises:
      ReIDError: not validated, or changed since.
    """
    fingerprint = export.fingerprint()
    infra = validated(export, fingerprint)
    candidate = dataclasses.replace(candidate, latency_ms=latency_of(infra))
    there = None
    if live is not None:
        _, content = markers.blessing(live[0].main, markers.INFRA)
        there = dataclasses.replace(live[1], latency_ms=latency_of(content))
    judged = judge(candidate, there, bars)
    reason = missed(judged)
    content = {
        "fingerprint": fingerprint,
        "reason": reason,
        "figures": dataclasses.asdict(candidate),
        "live": {"version": live[0].version, "figures": dataclasses.asdict(there)}
        if live
        else None,
        "bars": dataclasses.asdict(bars),
        "judged": [dataclasses.asdict(row) | {"holds": row.holds} for row in judged],
        "data": data,
        "origin": origin,
    }
    markers.bless(export.main, markers.MODEL, not reason, content)
    return judged, reason


def validated(export, fingerprint=None):
    """What INFRA_BLESSED says, or a ReIDError where the export is not validated."""
    return markers.blessed_content(
        export.main,
        markers.INFRA,
        fingerprint or export.fingerprint(),
        VALIDATE.format(main=export.main),
    )


def known_figures(export, setup):
    """Figures that an export's own MODEL_BLESSED tells for this setup, or None.

    They hold as long as the files are those that were measured.
    """
    blessed, content = markers.blessing(export.main, markers.MODEL)
    if blessed is None or content.get("fingerprint") != export.fingerprint():
        return None
    figures = Figures.from_json(content["figures"])
    return figures if figures.setup == setup else None


def latency_of(infra):
    """Median milliseconds of one image that a validation measured, or None."""
    return (infra.get("latency") or {}).get("p50_ms")
