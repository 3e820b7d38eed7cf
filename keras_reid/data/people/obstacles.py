"""What stands between the camera and a person, or shows behind: tubes again, on the same ground."""

import numpy as np

from keras_reid.data.people.fabrics import Fabric, dye
from keras_reid.data.people.seeds import between
from keras_reid.data.people.tubes import Tube

METAL = {(0.35,) * 3: 3, (0.6, 0.6, 0.58): 2, (0.2, 0.25, 0.22): 2}
PAINT = {(0.7,) * 3: 3, (0.14, 0.14, 0.16): 3, (0.45, 0.12, 0.12): 1, (0.15, 0.22, 0.38): 1}
LEAVES = {(0.24, 0.36, 0.18): 3, (0.33, 0.4, 0.2): 2}


def obstacle_tubes(rng, kind):
    """The tubes of an obstacle, whose place on the canvas is the view's matter."""
    return tuple(_OBSTACLES[kind](rng))


def _post(rng):
    tall, x = between(rng, (0.4, 1.6)), 0.0
    yield Tube(
        start=(x, tall, 0.0), end=(x, 0.0, 0.0), widths=(0.028, 0.03),
        paint=Fabric(dye(rng, METAL)), caps=(0.6, 0.3),
    )  # fmt: skip


def _bush(rng):
    colour = np.array(dye(rng, LEAVES))
    for _ in range(14):
        x, y = 0.14 * rng.standard_normal(), abs(0.12 * rng.standard_normal()) + 0.03
        size = between(rng, (0.03, 0.07))
        yield Tube(
            start=(x, y + 0.3 * size, 0.0), end=(x, y - 0.3 * size, 0.0), widths=(size, size),
            paint=Fabric(tuple(colour * between(rng, (0.6, 1.3)))), caps=(0.9, 0.9), folds=0.25,
            lift=float(0.1 * rng.random()), crease=float(9 * rng.random()),
        )  # fmt: skip


def _car(rng):
    """The bonnet or boot of a parked car, from the side of the picture."""
    paint, side = dye(rng, PAINT), 1 if rng.random() < 0.5 else -1
    start = 0.06 * side
    yield Tube(
        start=(start, 0.13, 0.0), end=(start + side * 1.4, 0.17, 0.0), widths=(0.1, 0.13, 0.14),
        paint=Fabric(paint), caps=(0.5, 0.2),
    )  # fmt: skip
    yield Tube(
        start=(start + 0.28 * side, 0.1, 0.05), end=(start + 0.28 * side, 0.06, 0.05),
        widths=(0.07, 0.075), paint=Fabric((0.07, 0.07, 0.08)), caps=(0.9, 0.9), lift=0.2,
    )  # fmt: skip


def _trolley(rng):
    metal = dye(rng, METAL)
    yield Tube(
        start=(0.0, 0.42, 0.0), end=(0.0, 0.2, 0.0), widths=(0.15, 0.12),
        paint=Fabric(metal, "checks", (0.75, 0.75, 0.76), 0.03), caps=(0.1, 0.1),
    )  # fmt: skip
    for x in (-0.1, 0.1):
        start, end = (x, 0.2, 0.0), (x, 0.03, 0.0)
        yield Tube(start=start, end=end, widths=(0.012, 0.014), paint=Fabric(metal))


_OBSTACLES = {"post": _post, "bush": _bush, "car": _car, "trolley": _trolley}
