"""How an export is tried, and what comes out."""

import dataclasses

from export.parity import Row
from keras_reid.errors import ReIDError

STEPS = 5
BATCH_SIZES = (1, 4)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """How an export is tried.

    batch_sizes: rows of the requests, ascending; also those of the warm-up.
    steps: of iterative attacks. timeout: seconds for a start, a load and a request.
    """

    batch_sizes: tuple = BATCH_SIZES
    steps: int = STEPS
    timeout: float = 300.0

    def __post_init__(self):
        sizes = self.batch_sizes
        if not sizes or list(sizes) != sorted(set(sizes)) or sizes[0] < 1:
            raise ReIDError(
                f"batch sizes {', '.join(map(str, sizes)) or 'of nothing'} are not ascending "
                "numbers from 1; say for instance 1,4"
            )


@dataclasses.dataclass
class Findings:
    """What came out: comparisons, what was not compared, and why a server did not come up."""

    rows: list = dataclasses.field(default_factory=list)
    not_checked: list = dataclasses.field(default_factory=list)
    failure: str = ""
    latency: dict | None = None
    warmup_records: dict = dataclasses.field(default_factory=dict)
    warmup_seen: int = 0

    @property
    def blessed(self):
        return not self.failure and all(row.holds for row in self.rows)

    @property
    def reason(self):
        """Why not, in a few words."""
        failed = [row.what for row in self.rows if not row.holds]
        return self.failure or "; ".join(failed[:3]) + (" ..." if len(failed) > 3 else "")


def finite(rows):
    """Rows whose figure is a number that JSON knows."""
    return [
        row if row.figure < float("inf") else Row(row.what, -1.0, row.bar, row.holds)
        for row in rows
    ]
