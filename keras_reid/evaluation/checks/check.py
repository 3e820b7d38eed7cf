"""What a check says, in the words that every report prints."""

import dataclasses
from typing import NamedTuple

PASS, WARN, FAIL = "pass", "warn", "fail"


class Finding(NamedTuple):
    """What one check function found; `run_checks` adds its name and point."""

    verdict: str
    figure: str
    sentence: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Check:
    """One verdict of a robustness report.

    point: 1 to 10, of the list in docs/robustness_checks.md. name: of the check, never reused.
    verdict: "pass", "warn" or "fail". figure: short, for a table.
    sentence: what it means and what to do.
    """

    point: int
    name: str
    verdict: str
    figure: str
    sentence: str


def not_collected(what, remedy):
    """A check without evidence warns and says how to get it; it never passes."""
    return Finding(WARN, "not measured", f"{what}; {remedy}.")


def graded(value, warn_above, fail_above):
    """The verdict on a value that should be small."""
    if value > fail_above:
        return FAIL
    return WARN if value > warn_above else PASS
