"""Which figures are good enough: thresholds, and the version that is live."""

import dataclasses
import math

from keras_reid.errors import ReIDError

SHARES = ("min_map", "min_robust_map", "max_drop")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bars:
    """Thresholds; None asks for nothing.

    min_map, min_robust_map: least mAP, clean and under each attack, in [0, 1].
    max_drop: how far each mAP may lie below the live version's, in [0, 1].
    max_latency_ms: median of one image, on the server that validated the export.
    """

    min_map: float | None = None
    min_robust_map: float | None = None
    max_drop: float | None = None
    max_latency_ms: float | None = None

    def __post_init__(self):
        for name in SHARES:
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:  # also refuses what is no number
                raise ReIDError(f"--{name} must be a share from 0 to 1, and is {value}")
        limit = self.max_latency_ms
        if limit is not None and not (math.isfinite(limit) and limit > 0):
            raise ReIDError(f"--max_latency_ms must be milliseconds above 0, and is {limit}")
        if all(value is None for value in dataclasses.astuple(self)):
            raise ReIDError(
                "no bar is given, so anything would be blessed; give --min_map, --min_robust_map, "
                "--max_latency_ms, or --live with --max_drop"
            )


@dataclasses.dataclass(frozen=True)
class Judgement:
    """One figure against its bar. sign: ">=" or "<="; live and bar may be None."""

    what: str
    candidate: float | None
    live: float | None
    sign: str
    bar: float | None

    @property
    def holds(self):
        if self.bar is None:
            return True
        if self.candidate is None or math.isnan(self.candidate):
            return False
        above = self.candidate >= self.bar
        return above if self.sign == ">=" else self.candidate <= self.bar


def judge(candidate, live, bars):
    """Judgements of Figures against bars, and against the live version's Figures or None."""
    told = [("mAP", candidate.mean_ap, live.mean_ap if live else None, bars.min_map)]
    for attack, share in candidate.robust.items():
        what = f"mAP under {attack} at {candidate.setup.epsilon_255:g}/255"
        told.append((what, share, live.robust[attack] if live else None, bars.min_robust_map))
    judged = [
        Judgement(what, share, there, ">=", least(there, minimum, bars.max_drop))
        for what, share, there, minimum in told
    ]
    there = live.latency_ms if live else None
    return [
        *judged,
        Judgement("ms for one image", candidate.latency_ms, there, "<=", bars.max_latency_ms),
    ]


def least(live, minimum, max_drop):
    """The higher of the two bars that a share has to reach, or None."""
    asked = [minimum] if minimum is not None else []
    if live is not None and max_drop is not None:
        asked.append(max(0.0, live - max_drop))
    return max(asked, default=None)


def table(judged):
    """Lines of text: candidate | live | bar | verdict."""
    lines = [f"  {'':<28}{'candidate':>10}{'live':>10}{'bar':>12}  verdict"]
    for row in judged:
        bar = "none" if row.bar is None else f"{row.sign} {number(row.bar)}"
        verdict = "ok" if row.holds else "MISSED"
        lines.append(
            f"  {row.what:<28}{number(row.candidate):>10}{number(row.live):>10}{bar:>12}  {verdict}"
        )
    return lines


def number(value):
    """Three digits behind the point; a dash where there is none."""
    return "-" if value is None else f"{value:.3f}"


def missed(judged):
    """The bars that were missed, in words."""
    return "; ".join(
        f"{row.what} is {number(row.candidate)}, the bar is {row.sign} {number(row.bar)}"
        for row in judged
        if not row.holds
    )
