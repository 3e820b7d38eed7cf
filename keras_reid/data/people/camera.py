"""Cameras: where one hangs, what it looks at, and what it does to colours and detail."""

import dataclasses

import numpy as np
from PIL import Image

from keras_reid.data.people.seeds import between
from keras_reid.data.people.tubes import Light


@dataclasses.dataclass(frozen=True)
class CameraKind:
    """The ranges from which the cameras of a style are drawn."""

    pitches: tuple[float, float]  # looking down, radians
    warmth: float  # spread of the colour balance
    gains: tuple[float, float]  # brightness
    saturations: tuple[float, float]
    gammas: tuple[float, float]
    lifts: tuple[float, float]  # haze: what black becomes
    blurs: tuple[float, float]  # in 1/128 of the crop's height
    resolutions: tuple[float, float]  # rows on the sensor over rows of the file
    grains: tuple[float, float]  # noise of a mid grey
    ambients: tuple[float, float]  # share of light without direction
    shadows: tuple[float, float]  # darkness of cast shadows


@dataclasses.dataclass(frozen=True)
class Camera:
    """One camera, the same for everybody who passes it."""

    pitch: float
    path: float  # heading of those who walk the way everybody does there, radians
    light: Light
    balance: tuple[float, float, float]
    gain: float
    saturation: float
    gamma: float
    lift: float
    blur: float
    resolution: float
    grain: float
    shadow: float
    sharpen: float
    falloff: tuple[float, float]  # brightness from left to right and from top to bottom
    quality: int  # of its JPEGs

    @property
    def stature(self):
        """Height over the ground in person's heights: who looks down steeply hangs high."""
        return 1.5 + 3.0 * self.pitch


def draw_camera(rng, kind):
    """Draws a camera.

    Args:
      rng: the camera's own stream.
      kind: the style's CameraKind.
    """
    side = between(rng, (-0.85, 0.85))
    up = between(rng, (0.25, 0.8))
    direction = np.array([side, up, between(rng, (0.35, 0.9))])
    direction = direction / np.sqrt((direction**2).sum())
    warm, green = kind.warmth * rng.standard_normal(), 0.35 * kind.warmth * rng.standard_normal()
    return Camera(
        pitch=between(rng, kind.pitches),
        path=between(rng, (0, 2 * np.pi)),
        light=Light(tuple(float(part) for part in direction), between(rng, kind.ambients)),
        balance=(float(np.exp(warm)), float(np.exp(green)), float(np.exp(-warm))),
        gain=between(rng, kind.gains),
        saturation=between(rng, kind.saturations),
        gamma=between(rng, kind.gammas),
        lift=between(rng, kind.lifts),
        blur=between(rng, kind.blurs),
        resolution=between(rng, kind.resolutions),
        grain=between(rng, kind.grains),
        shadow=between(rng, kind.shadows),
        sharpen=between(rng, (0.0, 0.7)),
        falloff=(between(rng, (-0.15, 0.15)), between(rng, (-0.15, 0.15))),
        quality=int(rng.integers(78, 93)),
    )


def photograph(colours, camera, rng, *, size, exposure=1.0, shake=(0.0, 0.0)):
    """What the camera's file shows of a scene.

    Args:
      colours: float [height, width, 3], the scene, larger than `size`.
      camera: Camera.
      rng: a stream for the noise alone.
      size: (height, width) of the result.
      exposure: brightness of this moment.
      shake: (x, y) length of motion blur in 1/128 of the height.

    Returns:
      uint8 [*size, 3].
    """
    unit = colours.shape[0] / 128
    image = _smear(_blur(colours, camera.blur * unit), shake[0] * unit, shake[1] * unit)
    rows = max(8, round(size[0] * camera.resolution))
    image = _resize(image, (rows, max(4, round(rows * size[1] / size[0]))), Image.Resampling.BOX)
    image = _develop(image, camera, exposure)
    image = _resize(_grain(image, camera, rng), size, Image.Resampling.BICUBIC)
    image = image + camera.sharpen * (image - _blur(image, 0.8))
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)


def _develop(image, camera, exposure):
    """Light on the sensor -> the camera's colours, in [0, 1] and a little beyond."""
    height, width = image.shape[:2]
    across = camera.falloff[0] * np.linspace(-1, 1, width, dtype=np.float32)[None]
    down = camera.falloff[1] * np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    light = (camera.gain * exposure * (1 + across + down)).astype(np.float32)
    image = image * light[..., None] * np.float32(camera.balance)
    grey = 0.3 * image[..., :1] + 0.59 * image[..., 1:2] + 0.11 * image[..., 2:]
    image = np.maximum(grey + np.float32(camera.saturation) * (image - grey), 0)
    image = image ** np.float32(camera.gamma)
    # Highlights roll off instead of clipping, as a film or a camera's tone curve has it.
    image = np.where(image < 0.75, image, 0.75 + 0.25 * np.tanh((image - 0.75) / 0.25))
    return (camera.lift + (1 - camera.lift) * image).astype(np.float32)


def _grain(image, camera, rng):
    """Noise of photons (grows with the light) and of the read-out, mostly the same in R, G, B."""
    noise = rng.standard_normal((*image.shape[:2], 4), np.float32)
    noise = 0.7 * noise[..., :1] + 0.6 * noise[..., 1:]
    return image + camera.grain * np.sqrt(0.35 + 1.3 * np.clip(image, 0, 1)) * noise


def _resize(image, size, method):
    channels = [
        Image.fromarray(np.ascontiguousarray(image[..., channel])).resize(size[::-1], method)
        for channel in range(3)
    ]
    return np.stack([np.asarray(channel) for channel in channels], -1)


def _blur(image, sigma):
    """A Gaussian, one axis after the other."""
    if sigma < 0.2:
        return image
    reach = max(1, int(np.ceil(2.5 * sigma)))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return _along(_along(image, weights, 0), weights, 1)


def _smear(image, x, y):
    for length, axis in ((x, 1), (y, 0)):
        if length >= 1:
            image = _along(image, np.ones(2 * int(round(length / 2)) + 1), axis)
    return image


def _along(image, weights, axis):
    """Correlates one axis with odd, symmetric weights; the edge is repeated outwards."""
    weights = (weights / weights.sum()).astype(np.float32)
    reach = len(weights) // 2
    if reach == 0:
        return image
    length = image.shape[axis]
    padding = [(reach, reach) if axis == index else (0, 0) for index in range(3)]
    padded = np.moveaxis(np.pad(image, padding, "edge"), axis, 0)
    total = weights[reach] * padded[reach : reach + length]
    for k in range(reach):
        mirror = 2 * reach - k
        total += weights[k] * (padded[k : k + length] + padded[mirror : mirror + length])
    return np.moveaxis(total, 0, axis)
