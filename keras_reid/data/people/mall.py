"""A shopping mall: polished floor, lit shop windows, columns, plants."""

import numpy as np

from keras_reid.data.people.fabrics import dye
from keras_reid.data.people.scene import NEAR_ROW, TINT, Stage, shade
from keras_reid.data.people.seeds import between, pick

FLOORS = {
    (0.74, 0.71, 0.65): 3, (0.66, 0.66, 0.66): 3, (0.6, 0.53, 0.45): 2, (0.8, 0.79, 0.77): 2,
    (0.48, 0.45, 0.43): 1,
}  # fmt: skip
FRONTS = {
    (0.85, 0.82, 0.76): 3, (0.3, 0.28, 0.28): 2, (0.62, 0.5, 0.37): 2, (0.75, 0.76, 0.78): 2,
    (0.5, 0.2, 0.22): 1, (0.2, 0.35, 0.4): 1,
}  # fmt: skip
GOODS = {
    (0.8, 0.3, 0.35): 2, (0.3, 0.45, 0.7): 2, (0.9, 0.8, 0.4): 2, (0.4, 0.6, 0.45): 2,
    (0.92, 0.9, 0.88): 3, (0.15, 0.15, 0.18): 2, (0.75, 0.55, 0.7): 1,
}  # fmt: skip


def mall(rng, camera):
    """The scene of a camera in a mall."""
    floor = dye(rng, FLOORS, TINT)
    stage = Stage(rng, camera.stature, camera.pitch, floor)
    wall = stage.depth_at(between(rng, (80, 180)))
    near = stage.depth_at(NEAR_ROW)
    _tiles(stage, near, wall, floor)
    _fronts(stage, wall)
    # The farthest first.
    for share in sorted(between(rng, (0.4, 0.97)) for _ in range(int(rng.integers(4, 10))))[::-1]:
        pick(rng, _THINGS)(stage, between(rng, (-0.75, 0.75)) * wall, share * wall)
    _gloss(stage, near, wall)
    return stage.finish(between(rng, (0.015, 0.035)))


def _tiles(stage, near, wall, floor):
    rng = stage.rng
    tile, other = between(rng, (0.45, 0.9)), shade(floor, between(rng, (0.72, 0.92)))
    chequered = rng.random() < 0.35
    for row, depth in enumerate(np.arange(near, wall, tile)):
        stage.lying(-14, 14, depth, depth + 0.02, shade(floor, 0.6), 0.5)
        if chequered:
            for column in range(-12, 12):
                if (row + column) % 2:
                    stage.lying(column * tile, (column + 1) * tile, depth, depth + tile, other)
    for x in np.arange(-12, 12, tile):
        stage.lying(x, x + 0.02, near, wall, shade(floor, 0.6), 0.5)


def _fronts(stage, wall):
    rng = stage.rng
    x = -1.0 * wall
    while x < wall:
        width, colour = between(rng, (2.0, 4.5)), dye(rng, FRONTS, TINT)
        stage.standing(x, x + width, wall, 0, 6, colour)
        light = dye(rng, {(0.95, 0.92, 0.82): 3, (0.85, 0.9, 0.95): 2}, TINT)
        stage.standing(x + 0.15, x + width - 0.15, wall, 0.08, 1.55, light)
        for left in np.arange(x + 0.25, x + width - 0.5, 0.42):
            low = between(rng, (0.1, 0.7))
            goods = dye(rng, GOODS, TINT)
            stage.standing(left, left + 0.3, wall, low, low + between(rng, (0.2, 0.6)), goods, 0.85)
            stage.standing(left - 0.05, left - 0.03, wall, 0.08, 1.55, (0.45,) * 3, 0.7)
        stage.standing(x + 0.3, x + width - 0.3, wall, 1.65, 1.95, dye(rng, GOODS, TINT))
        x += width


def _column(stage, x, depth):
    colour = dye(stage.rng, FRONTS, TINT)
    stage.standing(x - 0.25, x + 0.25, depth, 0, 6, colour)
    stage.standing(x + 0.08, x + 0.25, depth, 0, 6, shade(colour, 0.8))
    stage.lying(x - 0.25, x + 0.25, depth * 0.7, depth, shade(colour, 0.9), 0.25)


def _planter(stage, x, depth):
    rng = stage.rng
    stage.standing(x - 0.3, x + 0.3, depth, 0, 0.32, dye(rng, FRONTS, TINT))
    for _ in range(25):
        at, height = x + 0.2 * rng.standard_normal(), 0.4 + abs(0.25 * rng.standard_normal())
        green = (0.2, 0.42 * between(rng, (0.6, 1.2)), 0.2)
        stage.disc(at, depth, height, 0.1, green, 0.85)


def _bench(stage, x, depth):
    stage.standing(x - 0.6, x + 0.6, depth, 0.2, 0.28, (0.5, 0.36, 0.22))
    for leg in (-0.5, 0.45):
        stage.standing(x + leg, x + leg + 0.06, depth, 0, 0.2, (0.3,) * 3)


def _stand(stage, x, depth):
    rng = stage.rng
    stage.standing(x - 0.22, x + 0.22, depth, 0.05, 1.1, dye(rng, GOODS, TINT))
    stage.standing(x - 0.15, x + 0.15, depth, 0.55, 0.95, dye(rng, GOODS, TINT))


def _rail(stage, x, depth):
    stage.standing(x - 1.6, x + 1.6, depth, 0.05, 0.55, (0.7, 0.78, 0.8), 0.45)
    stage.standing(x - 1.6, x + 1.6, depth, 0.55, 0.6, (0.75,) * 3)


def _gloss(stage, near, wall):
    """Lamps mirrored in the floor."""
    rng = stage.rng
    for _ in range(int(rng.integers(1, 5))):
        x, depth = between(rng, (-3, 3)), between(rng, (near, wall))
        for spread in (0.6, 0.4, 0.2):
            stage.lying(x - spread, x + spread, depth, depth * 1.25, (1.0, 0.98, 0.92), 0.1)


_THINGS = {_column: 3, _planter: 3, _bench: 2, _stand: 3, _rail: 2}
