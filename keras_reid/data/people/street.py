"""A street: facades, pavement, carriageway, greenery, parked things."""

import numpy as np

from keras_reid.data.people.fabrics import dye
from keras_reid.data.people.scene import NEAR_ROW, TINT, Stage, shade
from keras_reid.data.people.seeds import between, pick

WALLS = {
    (0.62, 0.56, 0.48): 3, (0.55, 0.36, 0.29): 3, (0.74, 0.72, 0.67): 3, (0.5, 0.51, 0.53): 3,
    (0.68, 0.6, 0.42): 2, (0.42, 0.42, 0.44): 2,
}  # fmt: skip
GROUNDS = {(0.47, 0.47, 0.48): 3, (0.58, 0.55, 0.51): 3, (0.66, 0.62, 0.57): 2, (0.4, 0.4, 0.42): 2}
GREENS = {(0.25, 0.37, 0.18): 3, (0.36, 0.44, 0.22): 2, (0.2, 0.3, 0.16): 2}
CARS = {
    (0.75,) * 3: 3, (0.15, 0.15, 0.17): 3, (0.45, 0.47, 0.5): 3, (0.5, 0.12, 0.12): 1.5,
    (0.15, 0.22, 0.4): 1.5,
}  # fmt: skip
SIGNS = {
    (0.75, 0.2, 0.15): 2, (0.15, 0.35, 0.6): 2, (0.85, 0.75, 0.3): 2, (0.2, 0.5, 0.3): 2,
    (0.9, 0.9, 0.88): 2,
}  # fmt: skip


def street(rng, camera):
    """The scene of a street camera."""
    stage = Stage(rng, camera.stature, camera.pitch, dye(rng, GROUNDS, TINT))
    wall = stage.depth_at(between(rng, (80, 190)))
    near = stage.depth_at(NEAR_ROW)
    _pavement(stage, near, wall)
    pick(rng, {_road: 3, _lawn: 2, _nothing: 2})(stage, near, wall)
    _facade(stage, wall)
    # The farthest first.
    for share in sorted(between(rng, (0.4, 0.97)) for _ in range(int(rng.integers(4, 10))))[::-1]:
        pick(rng, _THINGS)(stage, between(rng, (-0.75, 0.75)) * wall, share * wall)
    _shadow(stage, near, wall)
    return stage.finish(between(rng, (0.03, 0.07)))


def _nothing(stage, near, wall):
    pass


def _pavement(stage, near, wall):
    """Slabs, whose joints run to the vanishing point."""
    rng = stage.rng
    tone = 0.82 if rng.random() < 0.7 else 1.12
    slab = between(rng, (0.35, 0.8))
    for x in np.arange(-12, 12, slab):
        stage.lying(x, x + 0.03, near, wall, (0.3,) * 3 if tone < 1 else (0.8,) * 3, 0.35)
    depth = near
    while depth < wall:
        stage.lying(-14, 14, depth, depth + 0.03, (0.3,) * 3 if tone < 1 else (0.8,) * 3, 0.35)
        depth += slab


def _road(stage, near, wall):
    rng = stage.rng
    side = 1 if rng.random() < 0.5 else -1
    edge = side * between(rng, (0.8, 2.2))
    asphalt = dye(rng, {(0.33, 0.33, 0.35): 1, (0.27, 0.28, 0.3): 1}, TINT)
    stage.lying(edge, side * 20, near, wall, asphalt)
    stage.lying(edge, edge + side * 0.09, near, wall, (0.68, 0.67, 0.65))
    line = edge + side * 0.45
    stage.lying(line, line + side * 0.08, near, wall, (0.83, 0.8, 0.6), 0.8)
    if rng.random() < 0.5:
        for k in range(7):
            start = edge + side * (0.7 + 0.7 * k)
            stage.lying(start, start + side * 0.33, near * 1.05, near * 1.6, (0.85,) * 3, 0.8)


def _lawn(stage, near, wall):
    rng = stage.rng
    side = 1 if rng.random() < 0.5 else -1
    edge = side * between(rng, (0.7, 1.8))
    green = dye(rng, GREENS, TINT)
    stage.lying(edge, side * 20, near, wall, green)
    stage.lying(edge, edge + side * 0.08, near, wall, (0.6, 0.58, 0.54))
    for _ in range(70):
        x, depth = side * between(rng, (abs(edge), 6)), between(rng, (near, wall))
        stage.disc(x, depth, 0.0, 0.12, shade(green, between(rng, (0.7, 1.3))), 0.4)


def _facade(stage, wall):
    """A row of houses or shops across the far side."""
    rng = stage.rng
    x = -1.0 * wall
    while x < wall:
        width = between(rng, (1.6, 3.6))
        colour = dye(rng, WALLS, TINT)
        stage.standing(x, x + width, wall, 0, 6, colour)
        stage.standing(x, x + width, wall, 0, 0.18, shade(colour, 0.7))
        if rng.random() < 0.5:
            _shop(stage, x, width, wall)
        else:
            _windows(stage, x, width, wall, colour)
        x += width


def _shop(stage, x, width, wall):
    rng = stage.rng
    glass = dye(rng, {(0.25, 0.29, 0.32): 2, (0.5, 0.48, 0.4): 1}, TINT)
    stage.standing(x + 0.12, x + width - 0.12, wall, 0.2, 1.35, glass)
    for _ in range(int(rng.integers(2, 7))):
        left, low = x + between(rng, (0.15, 0.8)) * width, between(rng, (0.25, 0.9))
        goods = shade(dye(rng, SIGNS, TINT), 0.75)
        stage.standing(left, left + 0.25, wall, low, low + between(rng, (0.1, 0.4)), goods, 0.8)
    stage.standing(x + 0.05, x + width - 0.05, wall, 1.4, 1.75, dye(rng, SIGNS, TINT))
    stage.standing(x + 0.45 * width, x + 0.47 * width, wall, 0.2, 1.35, (0.6,) * 3)


def _windows(stage, x, width, wall, colour):
    rng = stage.rng
    for low in (0.75, 2.2, 3.6):
        for share in np.arange(0.12, 0.8, 0.32):
            left = x + share * width
            frame = (left - 0.05, left + 0.55, wall, low - 0.05, low + 0.85)
            stage.standing(*frame, shade(colour, 1.2))
            stage.standing(left, left + 0.5, wall, low, low + 0.8, (0.24, 0.28, 0.33))
    left = x + between(rng, (0.1, 0.7)) * width
    stage.standing(left, left + 0.5, wall, 0, 1.2, shade(dye(rng, SIGNS, TINT), 0.55))


def _car(stage, x, depth):
    paint = dye(stage.rng, CARS, TINT)
    stage.lying(x - 1.2, x + 1.2, depth * 0.98, depth * 1.05, (0.12,) * 3, 0.6)
    stage.standing(x - 1.2, x + 1.2, depth, 0.12, 0.46, paint)
    corners = [(x - 0.75, 0.46), (x + 0.8, 0.46), (x + 0.5, 0.82), (x - 0.45, 0.82)]
    stage.shape([stage.spot(a, depth, b) for a, b in corners], shade(paint, 0.8))
    stage.standing(x - 0.45, x + 0.5, depth, 0.5, 0.76, (0.2, 0.24, 0.28))
    for wheel in (-0.75, 0.75):
        stage.disc(x + wheel, depth, 0.17, 0.19, (0.08,) * 3)
        stage.disc(x + wheel, depth, 0.17, 0.09, (0.5,) * 3)


def _bicycle(stage, x, depth):
    paint = dye(stage.rng, {**CARS, (0.2, 0.5, 0.3): 2, (0.8, 0.5, 0.1): 1}, TINT)
    for wheel in (-0.28, 0.28):
        stage.disc(x + wheel, depth, 0.19, 0.19, (0.1,) * 3, 0.9, ring=0.035)
    frame = [(-0.28, 0.19), (0.02, 0.21), (0.2, 0.44), (-0.1, 0.43), (0.02, 0.21)]
    points = [stage.spot(x + a, depth, b) for a, b in frame]
    stage.pen.line(points, fill=tuple(int(255 * part) for part in paint), width=2)
    stage.standing(x - 0.16, x - 0.02, depth, 0.49, 0.53, (0.08,) * 3)


def _tree(stage, x, depth):
    rng = stage.rng
    stage.standing(x - 0.08, x + 0.08, depth, 0, 2.4, (0.3, 0.23, 0.17))
    green = dye(rng, GREENS, TINT)
    for _ in range(40):
        at, height = x + 0.5 * rng.standard_normal(), 2.3 + 0.4 * rng.standard_normal()
        stage.disc(at, depth, height, 0.25, shade(green, between(rng, (0.6, 1.3))), 0.8)


def _bush(stage, x, depth):
    rng = stage.rng
    green = dye(rng, GREENS, TINT)
    for _ in range(60):
        at, height = x + 0.3 * rng.standard_normal(), abs(0.16 * rng.standard_normal()) + 0.05
        stage.disc(at, depth, height, 0.09, shade(green, between(rng, (0.55, 1.3))), 0.8)


def _bin(stage, x, depth):
    colour = dye(stage.rng, {(0.2, 0.35, 0.25): 2, (0.3,) * 3: 2, (0.2, 0.25, 0.45): 1}, TINT)
    stage.standing(x - 0.15, x + 0.15, depth, 0, 0.55, colour)
    stage.standing(x - 0.17, x + 0.17, depth, 0.55, 0.62, shade(colour, 0.7))


def _post(stage, x, depth):
    colour = dye(stage.rng, {(0.35,) * 3: 3, (0.6, 0.6, 0.58): 2, (0.25, 0.3, 0.28): 1}, TINT)
    stage.standing(x - 0.045, x + 0.045, depth, 0, 4, colour)
    if stage.rng.random() < 0.4:
        stage.disc(x, depth, 1.5, 0.2, dye(stage.rng, SIGNS, TINT))


def _shadow(stage, near, wall):
    """The shade of a house or a tree over a part of the ground."""
    rng = stage.rng
    if rng.random() < 0.6:
        x, slant = between(rng, (-3, 3)), between(rng, (-2, 2))
        corners = [(x, near), (x + 2.5, near), (x + 2.5 + slant, wall), (x + slant, wall)]
        stage.shape([stage.spot(*corner) for corner in corners], (0.05, 0.06, 0.1), 0.3)


_THINGS = {_car: 2, _bicycle: 4, _tree: 2, _bush: 3, _bin: 2, _post: 3}
