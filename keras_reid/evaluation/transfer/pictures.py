"""Pictures of a few queries under a generator: clean, change times ten, mask, adversarial."""

import dataclasses

import numpy as np

KINDS = ("clean", "perturbation_x10", "mask", "adversarial")
CHANGE_SHOWN = 10


@dataclasses.dataclass
class Pictures:
    """Keeps what is to be seen of some rows.

    generator, data: indices. wanted: rows of the query.
    found: {row: {kind: uint8 [H, W, 3]}}.
    """

    generator: int
    data: int
    wanted: list
    found: dict = dataclasses.field(default_factory=dict)

    def add(self, rows, clean, crafted):
        """Takes those of a batch: uint8 pixels and Crafted at these rows."""
        for place, row in enumerate(rows):
            if row in self.wanted:
                self.found[int(row)] = seen(
                    clean[place], crafted.pixels[place], crafted.mask[place]
                )


def seen(clean, adversarial, mask):
    """{kind: uint8 [H, W, 3]} of one image."""
    change = 128 + CHANGE_SHOWN * (adversarial.astype(np.int32) - clean)
    shown = (
        clean,
        np.clip(change, 0, 255).astype(np.uint8),
        np.repeat(255 * mask, 3, axis=-1),
        adversarial,
    )
    return dict(zip(KINDS, shown, strict=True))
