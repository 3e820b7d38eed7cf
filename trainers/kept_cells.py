"""The cells of a workdir, and what its user and its results are told of them."""

import sys

from keras_reid.evaluation.cells import CellStore


def open_cells(workdir):
    """(CellStore of a workdir, list that gathers a sentence on each damaged cell as it is told)."""
    damaged = []

    def tell(sentence):
        damaged.append(sentence)
        print(sentence, file=sys.stderr)

    return CellStore(workdir / "cells", tell), damaged
