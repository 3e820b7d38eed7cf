"""The rasteriser: tubes, solids around an axis, shaded like cylinders and painted like cloth.

A tube knows for each of its pixels where on the body it lies: the azimuth around the body (0 is the
front, positive towards the person's right hand) and the way along its axis. So a print on the chest
vanishes when its wearer turns around, and stripes follow a limb.
"""

import dataclasses
import math
from collections.abc import Callable

import numpy as np


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tube:
    """A solid between two points of the body.

    Lengths are in units of the person's height; x points to the person's right hand, y up, z ahead.
    """

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    widths: tuple[float, ...]  # half-widths from start to end, evenly spaced
    paint: Callable  # (azimuth, along, share) -> [..., 3] or [3] in [0, 1]
    flatness: float = 1.0  # depth from front to back over width from side to side
    caps: tuple[float, float] = (1.0, 1.0)  # roundness of the two ends; 0 is cut off square
    lift: float = 0.0  # added to the distance towards the viewer when sorting
    folds: float = 0.0  # depth of the creases in the shading
    crease: float = 0.0  # phase of the creases


@dataclasses.dataclass(frozen=True)
class View:
    """How a body is placed on a canvas: turned by `yaw`, seen from above by `pitch`, in radians."""

    yaw: float
    pitch: float
    scale: float  # pixels of one person's height
    foot: tuple[float, float]  # where the point between the feet lands: (x, y) in pixels
    distance: float = 6.0  # of the camera, in person's heights

    def project(self, point):
        """A point of the body -> x, y in pixels, nearness, local magnification."""
        x, y, z = point
        right = -x * math.cos(self.yaw) + z * math.sin(self.yaw)
        ahead = x * math.sin(self.yaw) + z * math.cos(self.yaw)
        up = y * math.cos(self.pitch) - ahead * math.sin(self.pitch)
        near = y * math.sin(self.pitch) + ahead * math.cos(self.pitch)
        zoom = self.scale / (1 - near / self.distance)
        return self.foot[0] + right * zoom, self.foot[1] - up * zoom, near, zoom


@dataclasses.dataclass(frozen=True)
class Light:
    """A distant light in the viewer's frame (right, up, towards them) and what fills shade."""

    direction: tuple[float, float, float]
    ambient: float


class Canvas:
    """float32 colours [height, width, 3]; how much of each pixel people cover [height, width]."""

    def __init__(self, colours):
        self.colours = np.array(colours, np.float32)
        self.cover = np.zeros(self.colours.shape[:2], np.float32)

    def draw(self, tubes, view, light):
        """Paints the tubes of one body, the farthest first."""
        for tube in sorted(tubes, key=lambda tube: _nearness(tube, view)):
            self._tube(tube, view, light)

    def _tube(self, tube, view, light):
        x0, y0, _, zoom0 = view.project(tube.start)
        x1, y1, _, zoom1 = view.project(tube.end)
        length = math.hypot(x1 - x0, y1 - y0)
        # The axis runs down the picture unless the limb says otherwise; its normal points right.
        axis = ((x1 - x0) / length, (y1 - y0) / length) if length > 1e-3 else (0.0, 1.0)
        normal = (axis[1], -axis[0])
        length = max(length, 1e-3)
        narrowing = math.hypot(math.cos(view.yaw), tube.flatness * math.sin(view.yaw))
        last = len(tube.widths) - 1
        widths = [
            float(width) * narrowing * (zoom0 + (zoom1 - zoom0) * place / last)
            for place, width in enumerate(tube.widths)
        ]
        box = self._box(x0, y0, x1, y1, max(widths) + 3)
        if box is None:
            return
        rows, columns = box
        dy = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + (0.5 - y0)
        dx = np.arange(columns.start, columns.stop, dtype=np.float32) + (0.5 - x0)
        along = dx * axis[0] + dy * axis[1]
        across = dx * normal[0] + dy * normal[1]
        share = np.minimum(np.maximum(along / length, 0), 1)
        overrun = _overrun(tube, along, length, widths)
        half = np.interp(share, [place / last for place in range(last + 1)], widths)
        half = half.astype(np.float32) * np.sqrt(np.maximum(1 - overrun * overrun, 0))
        inside = half - np.abs(across)
        cover = np.minimum(np.maximum(inside + 0.5, 0), 1)
        cover *= half > 0.05
        if not cover.any():
            return
        side = np.minimum(np.maximum(across / np.maximum(half, 0.3), -1), 1)
        azimuth = view.yaw - np.arcsin(side)  # paints are periodic, so it need not be wrapped
        distance = along / zoom0
        colours = tube.paint(azimuth, distance, share)
        place = (side, along / length, azimuth, distance)
        shade = _shade(tube, light, normal, axis, *place)
        patch, covered = self.colours[rows, columns], self.cover[rows, columns]
        # A part in front keeps a little light from what lies behind it: limbs stay apart.
        reach = 0.012 * view.scale + 0.5
        near = np.minimum(np.maximum((inside + reach) / reach, 0), 1)
        near *= np.minimum(np.maximum(1.5 - overrun, 0), 1)
        patch *= (1 - 0.22 * near * covered)[..., None]
        patch += cover[..., None] * (colours * shade[..., None] - patch)
        np.maximum(covered, cover, out=covered)

    def _box(self, x0, y0, x1, y1, margin):
        height, width = self.cover.shape
        top, bottom = int(min(y0, y1) - margin), int(max(y0, y1) + margin) + 1
        left, right = int(min(x0, x1) - margin), int(max(x0, x1) + margin) + 1
        top, bottom, left, right = max(top, 0), min(bottom, height), max(left, 0), min(right, width)
        if top >= bottom or left >= right:
            return None
        return slice(top, bottom), slice(left, right)


def _nearness(tube, view):
    """Level distance towards the viewer: what is higher up is not in front for that reason."""
    x, _, z = ((a + b) / 2 for a, b in zip(tube.start, tube.end, strict=True))
    return x * math.sin(view.yaw) + z * math.cos(view.yaw) + tube.lift


def _overrun(tube, along, length, widths):
    """[..] how far beyond the ends: 0 between them, 1 at the tip of a cap."""
    before = along * (-1 / max(tube.caps[0] * widths[0], 0.5))
    after = (along - length) * (1 / max(tube.caps[1] * widths[-1], 0.5))
    return np.maximum(np.maximum(before, after), 0)


def _shade(tube, light, normal, axis, side, share, azimuth, distance):
    """[..] brightness: a cylinder under one light, with the creases of cloth."""
    facing = np.sqrt(np.maximum(1 - side * side, 0))
    tilt = np.minimum(np.maximum(2 * share - 1, -1.4), 1.4)
    if tube.folds:
        wave = np.sin(distance * 95 + 3 * azimuth + tube.crease)
        wave += np.sin(distance * 41 - 2 * azimuth + 2.3 * tube.crease)
        side = side + tube.folds * wave
    right, up, ahead = light.direction
    slope = side * (normal[0] * right - normal[1] * up)
    slope += tilt * (0.25 * (axis[0] * right - axis[1] * up))
    slope += facing * ahead
    lit = np.minimum(np.maximum(slope, 0), 1.2)
    return (light.ambient + (1 - light.ambient) * lit) * (0.78 + 0.22 * facing)
