"""What stands behind the people: one picture a camera, of which a crop shows a part.

A stage is a flat ground under perspective, in person's heights, on which flat shapes lie and stand.
"""

import dataclasses

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT, FOCUS = 720, 440, 400
TINT = 0.014  # how far greys of stone and metal stray from grey
NEAR_ROW = 470  # a little below the picture: where grounds begin


@dataclasses.dataclass(frozen=True)
class Scene:
    """The picture and where on it people can stand."""

    picture: Image.Image
    horizon: float
    stature: float  # of the camera, in person's heights

    def person_height(self, foot_row):
        """How tall, in pixels, somebody is whose feet are at that row."""
        return (foot_row - self.horizon) / self.stature

    def distance(self, foot_row):
        """How far from the camera that is, in person's heights."""
        return FOCUS * self.stature / max(foot_row - self.horizon, 1.0)

    def behind(self, x, foot_row, size, head_room):
        """The background of a crop around somebody who stands at (x, foot_row).

        Args:
          x, foot_row: the feet, in pixels of the picture.
          size: (height, width) of the result.
          head_room: (above, below): of the crop over and under the feet, in person's heights.

        Returns:
          float32 [*size, 3] in [0, 1].
        """
        tall = self.person_height(foot_row)
        top, bottom = foot_row - head_room[0] * tall, foot_row + head_room[1] * tall
        half = 0.5 * (bottom - top) * size[1] / size[0]
        x = min(max(x, half), WIDTH - half)
        shift = min(0.0, HEIGHT - bottom) + max(0.0, -top)
        box = (x - half, max(top + shift, 0.0), x + half, min(bottom + shift, float(HEIGHT)))
        crop = self.picture.resize(size[::-1], Image.Resampling.BILINEAR, box=box)
        return np.asarray(crop, np.float32) / 255


class Stage:
    """Draws flat shapes on a ground seen from `stature` heights above it."""

    def __init__(self, rng, stature, pitch, ground):
        self.rng = rng
        self.stature = stature
        self.horizon = 130 - 420 * pitch
        self.picture = Image.new("RGB", (WIDTH, HEIGHT), _bytes(ground))
        self.pen = ImageDraw.Draw(self.picture, "RGBA")

    def spot(self, x, depth, height=0.0):
        """Pixel of a point `x` to the right, `depth` away, `height` above the ground."""
        zoom = FOCUS / depth
        return WIDTH / 2 + x * zoom, self.horizon + (self.stature - height) * zoom

    def depth_at(self, row):
        """How far away the ground is that shows at that row."""
        return FOCUS * self.stature / max(row - self.horizon, 1.0)

    def shape(self, points, colour, alpha=1.0):
        """A polygon through pixels."""
        paint = (*_bytes(colour), int(255 * alpha))
        self.pen.polygon([tuple(point) for point in points], fill=paint)

    def lying(self, x0, x1, near, far, colour, alpha=1.0):
        """A rectangle on the ground."""
        corners = [(x0, near), (x1, near), (x1, far), (x0, far)]
        self.shape([self.spot(*corner) for corner in corners], colour, alpha)

    def standing(self, x0, x1, depth, low, high, colour, alpha=1.0):
        """An upright rectangle that faces the camera."""
        corners = [(x0, low), (x1, low), (x1, high), (x0, high)]
        self.shape([self.spot(x, depth, height) for x, height in corners], colour, alpha)

    def disc(self, x, depth, height, radius, colour, alpha=1.0, ring=0.0):
        """An upright disc, or a ring of that thickness."""
        column, row = self.spot(x, depth, height)
        size = radius * FOCUS / depth
        box = (column - size, row - size, column + size, row + size)
        paint = (*_bytes(colour), int(255 * alpha))
        if ring:
            self.pen.ellipse(box, outline=paint, width=max(1, int(ring * FOCUS / depth)))
        else:
            self.pen.ellipse(box, fill=paint)

    def finish(self, roughness=0.05):
        """The scene, with uneven surfaces: nothing outdoors or indoors is of one colour."""
        picture = self.picture.filter(ImageFilter.GaussianBlur(0.7))
        fine = self.rng.standard_normal((HEIGHT, WIDTH), np.float32)
        uneven = fine * 0.6 + self._patches(30) + 0.8 * self._patches(8)
        colours = np.asarray(picture, np.float32) * (1 + roughness * uneven)[..., None]
        picture = Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8))
        return Scene(picture, self.horizon, self.stature)

    def _patches(self, grain):
        """Smooth noise whose blobs are about `grain` pixels wide."""
        coarse = self.rng.standard_normal((HEIGHT // grain + 2, WIDTH // grain + 2), np.float32)
        return np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))


def shade(colour, factor):
    """A lighter or darker version of a colour."""
    return tuple(min(1.0, max(0.0, part * factor)) for part in colour)


def _bytes(colour):
    return tuple(int(round(255 * min(1.0, max(0.0, float(part))))) for part in colour)
