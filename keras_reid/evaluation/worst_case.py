"""Figures over queries: the worst attack for each of them, intervals, seeds, and one score."""

import numpy as np

RANKS = (1, 5, 10)
BOOTSTRAP_SAMPLES = 1000
COVERAGE = 0.95


def worst_precision(rows):
    """[Q]: the lowest average precision of each query over rows (attacks, seeds, guide sources).

    The mean of this is the worst case; the lowest of the rows' means would let each query off with
    an attack that happens to suit the others. NaN where a query has no valid match.
    """
    return np.min([row.average_precision for row in rows], axis=0)


def worst_hit(rows):
    """[Q]: the latest first hit of each query over rows; NaN as above."""
    return np.max([row.first_hit for row in rows], axis=0)


def hardest_attacks(rows):
    """{attack: share of the valid queries for which it is the worst; ties are shared}."""
    precision = np.array([row.average_precision for row in rows])
    precision = precision[:, ~np.isnan(precision).any(axis=0)]
    lowest = precision == precision.min(axis=0)
    share = (lowest / lowest.sum(axis=0)).mean(axis=1)
    names = sorted({row.attack for row in rows})
    return {
        name: float(sum(s for s, row in zip(share, rows, strict=True) if row.attack == name))
        for name in names
    }


def shares(precision, first_hit, *, absent=None):
    """Mean average precision and rank-1, 5, 10 of per-query values.

    Args:
      precision, first_hit: [Q], NaN where a query has no valid match.
      absent: average precision of such queries; None leaves them out (the Market toolbox takes 0).
    """
    return {
        "mean_ap": float(np.mean(valid(precision, absent))),
        **{f"rank{k}": float(np.mean(valid(first_hit) <= k)) for k in RANKS},
    }


def valid(values, absent=None):
    """The values of queries with a valid match; the others left out, or `absent`."""
    values = np.asarray(values, np.float64)
    return values[~np.isnan(values)] if absent is None else np.nan_to_num(values, nan=absent)


def bootstrap_interval(
    values, people=None, *, samples=BOOTSTRAP_SAMPLES, seed=0, coverage=COVERAGE
):
    """(low, high) of the mean, by the percentiles of means over resampled people.

    Queries of one person are alike: resampled one by one, they would pretend to be more than they
    are.

    Args:
      values: [Q] without NaN.
      people: [Q] pids; None takes each query for a person of its own.
      samples: how often to resample. seed: of it; the same values give the same interval.
      coverage: share of the means between the two.

    Source: Efron 1979, the percentile interval; of clusters, Davison and Hinkley 1997, section 3.8.
    """
    values = np.asarray(values, np.float64)
    generator = np.random.default_rng(seed)
    each = np.arange(len(values)) if people is None else np.unique(people, return_inverse=True)[1]
    sums, sizes = np.bincount(each, values), np.bincount(each)
    count = len(sizes)
    drawn = (generator.integers(0, count, count) for _ in range(samples))
    means = [sums[chosen].sum() / sizes[chosen].sum() for chosen in drawn]
    tail = 50 * (1 - coverage)
    low, high = np.percentile(means, (tail, 100 - tail))
    mean = values.mean()  # of a few queries, the percentiles may round past it
    return [float(min(low, mean)), float(max(high, mean))]


def over_seeds(values):
    """Mean and sample deviation of one figure over seeds; no deviation of a single seed."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "deviation": deviation, "seeds": len(values)}


def robustness_score(epsilons_255, worst_map, clean_map):
    """Area under the worst-case curve of mAP over epsilon, divided by that of the clean model.

    Args:
      epsilons_255: ascending; 0 is put before them with the clean figure where it is missing.
      worst_map: the worst-case mAP at each. clean_map: without attack.

    Returns:
      float, 1 for a model that no attack moves; None where there is no epsilon above 0.
    """
    points = list(zip(epsilons_255, worst_map, strict=True))
    if not points or points[0][0] > 0:
        points = [(0.0, clean_map), *points]
    x, y = np.array(points, np.float64).T
    if x[-1] == 0 or clean_map == 0:
        return None
    area = np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2)
    return float(area / (clean_map * x[-1]))
