"""When one measurement is worse than another, and when it is only chance."""

from typing import NamedTuple

import numpy as np

# Differences below one point of mAP decide nothing, however exact they are.
SLACK = 0.01
# A report compares about a hundred pairs. At three standard errors one report in seven would show
# one difference too many if all of them were chance; at two, every report would show some.
SIGMAS = 3.0


class Gap(NamedTuple):
    """mean: by how much the second lies above the first; tolerance: what chance may do."""

    mean: float
    tolerance: float

    @property
    def real(self):
        """Whether the second lies above the first by more than chance."""
        return self.mean > self.tolerance


def rise(lower, higher):
    """How far per-query scores lie above others, query by query where they are the same queries.

    Args:
      lower, higher: [Q] scores in [0, 1], NaN where a query has no match.

    Returns:
      Gap.
    """
    lower, higher = np.asarray(lower, np.float64), np.asarray(higher, np.float64)
    if lower.shape == higher.shape:
        difference = higher - lower
        error = standard_error(difference)
        mean = float(np.nanmean(difference))
    else:
        error = float(np.hypot(standard_error(lower), standard_error(higher)))
        mean = float(np.nanmean(higher) - np.nanmean(lower))
    return Gap(mean, max(SLACK, SIGMAS * error))


def standard_error(scores):
    """Of the mean over the valid queries; 0 for fewer than two."""
    valid = scores[np.isfinite(scores)]
    return float(valid.std(ddof=1) / np.sqrt(len(valid))) if len(valid) > 1 else 0.0


def points(share):
    """0.1234 -> "12.3 %"."""
    return f"{100 * share:.1f} %"
