"""Rows of the whole grid, looked at on some queries only."""

import dataclasses

import numpy as np

from keras_reid.data.records import pids_of
from keras_reid.evaluation.worst_case import shares


def on_subset(rows, chosen, query):
    """The rows with the figures and per-query values of some queries.

    What was measured on all images (change of pixels, gradients, seconds) stays as it was; mINP is
    not known of single queries.

    Args:
      rows: [Row] of the query side. chosen: indices of queries with a valid match; none, no row.
      query: Records.
    """
    if not len(chosen):
        return []
    chosen = np.array(chosen, int)
    # Only people are attacked, so displacements leave out whoever is a distractor.
    people = np.cumsum(pids_of(query) > 0) - 1
    return [_one(row, chosen, people[chosen]) for row in rows]


def _one(row, chosen, people):
    precision, first = row.average_precision[chosen], row.first_hit[chosen]
    return dataclasses.replace(
        row,
        figures={**shares(precision, first), "mean_inp": None},
        average_precision=precision,
        first_hit=first,
        displacement=row.displacement[people],
        extra={**row.extra, "subset": len(chosen)},
    )
