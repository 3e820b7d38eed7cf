"""What is kept of a few queries for a person to look at: ranking, adversarial image, guides."""

import numpy as np

from keras_reid.evaluation.rank_lists import top_of_ranking

GUIDES_SHOWN = 5


class Camera:
    """Keeps the adversarial images of some rows; called as `on_batch` of `run_trial`."""

    def __init__(self, wanted):
        self._wanted = list(wanted)
        self._kept = {}

    def __call__(self, first, clean, adversarial, moved):
        for row in self._wanted:
            if first <= row < first + len(adversarial):
                self._kept[row] = adversarial[row - first].copy()

    def images(self):
        """uint8 [wanted, H, W, 3], or None where nothing was wanted."""
        return np.stack([self._kept[row] for row in self._wanted]) if self._wanted else None


def first_places(clean, distance, rows):
    """[{"query", "places"}] of some queries."""
    return [
        {
            "query": who(clean.query[row]),
            "places": top_of_ranking(distance[row], clean.query[row], clean.gallery),
        }
        for row in rows
    ]


def guides_of(bench, cell, split):
    """[{"push", "pull", "pushes", "pulls"}]: who steered each example, and how many there were.

    Args:
      bench: Bench. cell: Cell on the query side. split: where its guides come from, or None.
    """
    if split is None:
        return [{}] * len(cell.examples)
    source = bench.source(split, cell.attacked, cell.seed)
    records = bench.records(split)
    name, side = cell.trial.attack, cell.attacked
    pushes, pulls = source.rows(name, bench.embeddings(side), bench.pids(side))
    return [
        {
            "push": [who(records[guide]) for guide in pushes[row][:GUIDES_SHOWN]],
            "pull": [who(records[guide]) for guide in pulls[row][:GUIDES_SHOWN]],
            "pushes": len(pushes[row]),
            "pulls": len(pulls[row]),
        }
        for row in cell.examples
    ]


def who(record):
    """A record as results have it."""
    return {"path": record.path, "pid": record.pid, "camid": record.camid}
