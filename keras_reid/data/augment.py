"""Training-time augmentation: pad and crop, flip, random erasing; image i knows only its own seed.

First everything random is drawn, then it is applied to the batch as a whole without chance.
"""

import dataclasses
from typing import NamedTuple

import tensorflow as tf

from keras_reid.errors import ReIDError

IMAGENET_MEAN = (0.485, 0.456, 0.406)
CONSTANT, NOISE = "constant", "noise"
# Boxes drawn until one fits; Zhong et al. try 100 times. On 256 x 128, 94 % of boxes fit: all ten
# miss less than once in 10^12; the image is then left whole, as in the original.
_TRIES = 10


@dataclasses.dataclass(frozen=True, kw_only=True)
class Augmentation:
    """What may happen to a training image. The defaults are the usual ones of re-identification.

    Random erasing (Zhong et al., 2017, arXiv:1708.04896, algorithm 1): a box of `erase_area` of
    the image's area and of `erase_aspect` height to width is filled, in [0, 1] pixel space, with
    `erase_value` ("constant": the ImageNet mean colour) or with uniform noise a pixel and channel
    ("noise").
    """

    pad: int = 10
    flip_probability: float = 0.5
    erase_probability: float = 0.5
    erase_area: tuple[float, float] = (0.02, 0.4)
    erase_aspect: tuple[float, float] = (0.3, 1 / 0.3)
    erase_with: str = CONSTANT
    erase_value: tuple[float, float, float] = IMAGENET_MEAN

    def __post_init__(self):
        if self.pad < 0:
            raise ReIDError(f"augmentation pads by {self.pad} pixels; it must not be negative")
        for name in ("flip_probability", "erase_probability"):
            if not 0 <= getattr(self, name) <= 1:
                raise ReIDError(f"{name} is {getattr(self, name)}, not between 0 and 1")
        if not 0 < self.erase_area[0] <= self.erase_area[1] <= 1:
            raise ReIDError(f"erase_area is {self.erase_area}, not two rising shares of the image")
        if not 0 < self.erase_aspect[0] <= self.erase_aspect[1]:
            raise ReIDError(f"erase_aspect is {self.erase_aspect}, not two rising ratios")
        if self.erase_with not in (CONSTANT, NOISE):
            raise ReIDError(f"erase_with is {self.erase_with!r}, not {CONSTANT!r} or {NOISE!r}")


NO_AUGMENTATION = Augmentation(pad=0, flip_probability=0.0, erase_probability=0.0)


class Draws(NamedTuple):
    """What was drawn for each image of a batch; every field starts with [batch]."""

    top: tf.Tensor  # int32 offset of the crop in the padded image
    left: tf.Tensor
    flip: tf.Tensor  # bool
    box_top: tf.Tensor  # int32 box to erase; height 0 where nothing is erased
    box_left: tf.Tensor
    box_height: tf.Tensor
    box_width: tf.Tensor
    noise: tf.Tensor | None  # float32 [batch, height, width, 3] in [0, 1), for erase_with="noise"


def augment(images, seeds, augmentation):
    """Pads, crops, flips and erases.

    Args:
      images: [batch, height, width, 3] float32 in [0, 1], static height and width.
      seeds: [batch, 2] int32 or int64; an image's result depends on its own pair alone.
      augmentation: Augmentation.

    Returns:
      [batch, height, width, 3] float32 in [0, 1].
    """
    height, width = images.shape[1:3]
    return apply(images, draw(seeds, (height, width), augmentation), augmentation)


def draw(seeds, size, augmentation):
    """Draws for images of `size` = (height, width)."""
    height, width = size
    uniform = _uniform(seeds, [4 + 2 * _TRIES + 2])
    coin, tries, place = uniform[:, :4], uniform[:, 4:-2], uniform[:, -2:]
    offsets = _whole(coin[:, :2], 2 * augmentation.pad + 1)
    box_height, box_width, fits = _first_fitting_box(tries, size, augmentation)
    erase = fits & (coin[:, 3] < augmentation.erase_probability)
    noise = None
    if augmentation.erase_with == NOISE:
        # Another seed, so that the noise does not repeat the numbers above.
        noise = _uniform(seeds + tf.constant([1 << 30, 0], seeds.dtype), [height, width, 3])
    return Draws(
        top=offsets[:, 0],
        left=offsets[:, 1],
        flip=coin[:, 2] < augmentation.flip_probability,
        box_top=_whole(place[:, 0], height - box_height + 1),
        box_left=_whole(place[:, 1], width - box_width + 1),
        box_height=tf.where(erase, box_height, 0),
        box_width=tf.where(erase, box_width, 0),
        noise=noise,
    )


def _uniform(seeds, shape):
    """[batch, *shape] in [0, 1), row i from seed i alone."""
    return tf.map_fn(
        lambda seed: tf.random.stateless_uniform(shape, seed, alg="philox"),
        seeds,
        fn_output_signature=tf.TensorSpec(shape, tf.float32),
    )


def _whole(uniform, count):
    """Uniform in [0, 1) -> whole number in [0, count)."""
    return tf.cast(uniform * tf.cast(count, tf.float32), tf.int32)


def _first_fitting_box(tries, size, augmentation):
    """[batch] height and width of the first box inside the image, and whether there is one."""
    height, width = size
    share, ratio = tf.split(tries, 2, axis=1)
    area = _between(share, augmentation.erase_area) * (height * width)
    aspect = _between(ratio, augmentation.erase_aspect)
    heights = tf.cast(tf.round(tf.sqrt(area * aspect)), tf.int32)
    widths = tf.cast(tf.round(tf.sqrt(area / aspect)), tf.int32)
    fits = (heights < height) & (widths < width) & (heights > 0) & (widths > 0)
    first = tf.argmax(tf.cast(fits, tf.int32), axis=1)
    any_fits = tf.reduce_any(fits, axis=1)

    def pick(values):
        return tf.where(any_fits, tf.gather(values, first, batch_dims=1), 0)

    return pick(heights), pick(widths), any_fits


def _between(uniform, bounds):
    low, high = bounds
    return low + uniform * (high - low)


def apply(images, draws, augmentation):
    """Does to `images` what `draws` says."""
    height, width = images.shape[1:3]
    pad = augmentation.pad
    padded = tf.pad(images, [[0, 0], [pad, pad], [pad, pad], [0, 0]])
    rows, columns = tf.range(height)[None], tf.range(width)[None]
    mirrored = tf.where(draws.flip[:, None], width - 1 - columns, columns)
    cropped = tf.gather(padded, draws.top[:, None] + rows, axis=1, batch_dims=1)
    cropped = tf.gather(cropped, draws.left[:, None] + mirrored, axis=2, batch_dims=1)
    if not augmentation.erase_probability:
        return cropped
    erased = (
        _inside(rows, draws.box_top, draws.box_height)[:, :, None]
        & (_inside(columns, draws.box_left, draws.box_width)[:, None, :])
    )
    filling = tf.constant(augmentation.erase_value) if draws.noise is None else draws.noise
    return tf.where(erased[..., None], filling, cropped)


def _inside(places, start, length):
    """[batch, n] bool: which places lie in [start, start + length)."""
    return (places >= start[:, None]) & (places < (start + length)[:, None])
