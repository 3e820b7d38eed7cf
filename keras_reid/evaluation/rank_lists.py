"""The first places of a query's ranking, as a person wants to see them."""

import numpy as np


def top_of_ranking(distances, query, gallery, count=10):
    """The gallery's best `count` for one query, without images of the same pid and camera.

    Args:
      distances: [G].
      query: Record.
      gallery: sequence of G Records.

    Returns:
      list of {"path", "pid", "camid", "distance", "match"}, nearest first.
    """
    places = []
    for index in np.argsort(distances, kind="stable"):
        record = gallery[index]
        if record.pid == query.pid and record.camid == query.camid:
            continue
        places.append(
            {
                "path": record.path,
                "pid": record.pid,
                "camid": record.camid,
                "distance": round(float(distances[index]), 5),
                "match": record.pid == query.pid,
            }
        )
        if len(places) == count:
            break
    return places


def spread(count, wanted):
    """`wanted` indices spread evenly over range(count)."""
    return np.unique(np.linspace(0, count - 1, min(wanted, count)).astype(int)).tolist()
