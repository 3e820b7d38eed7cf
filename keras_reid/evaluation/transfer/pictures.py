"""Pictures of a few queries under a generator, kept while all of them are attacked."""

import dataclasses

import numpy as np

from keras_reid.misrank.pictures import attack_pictures


@dataclasses.dataclass
class Pictures:
    """Keeps what is to be seen of some rows.

    generator, data: indices. wanted: rows of the query.
    found: {row: {kind: uint8 [H, W, 3]}}, kinds as of `attack_pictures`.
    """

    generator: int
    data: int
    wanted: list
    found: dict = dataclasses.field(default_factory=dict)

    def add(self, rows, clean, crafted):
        """Takes those of a batch: uint8 pixels and Crafted at these rows."""
        places = np.flatnonzero(np.isin(rows, self.wanted))
        if not len(places):
            return
        shown = attack_pictures(clean[places], crafted.pixels[places], crafted.mask[places])
        for place, row in enumerate(np.asarray(rows)[places]):
            self.found[int(row)] = {kind: pixels[place] for kind, pixels in shown.items()}
