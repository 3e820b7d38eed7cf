"""What an attack did to the pixels, measured on the uint8 output: never trust, measure."""

import dataclasses

import numpy as np
import tensorflow as tf

from keras_reid.data.images import to_images
from keras_reid.losses import ms_ssim

SSIM_WINDOW = 11  # of Wang et al. 2004; smaller images get the largest window that fits


@dataclasses.dataclass(frozen=True, kw_only=True)
class PixelChange:
    """Change over a set of images, in units of 1/255 where it is a size.

    linf_255: largest change of any value of any image.
    mean_l2: mean over images of the L2 norm of the change, in [0, 1] pixel space.
    changed: share of values that differ.
    ssim: mean structural similarity (Wang et al. 2004), 1 where nothing changed.
    """

    linf_255: int
    mean_l2: float
    changed: float
    ssim: float


class PixelMeter:
    """Adds up the change of batches of uint8 images."""

    def __init__(self):
        self._linf, self._l2, self._changed, self._values = 0, [], 0, 0
        self._ssim = []

    def add(self, clean, adversarial):
        change = adversarial.astype(np.int16) - clean.astype(np.int16)
        if change.size:
            self._linf = max(self._linf, int(np.abs(change).max()))
            squares = np.square(change / 255.0).reshape(len(change), -1)
            self._l2.extend(np.sqrt(squares.sum(axis=1)).tolist())
            self._changed += int(np.count_nonzero(change))
            self._values += change.size
            self._ssim.extend(similarity(clean, adversarial).tolist())

    def result(self):
        """PixelChange of all that was added."""
        mean = float(np.mean(self._l2)) if self._l2 else 0.0
        return PixelChange(
            linf_255=self._linf,
            mean_l2=mean,
            changed=self._changed / max(self._values, 1),
            ssim=float(np.mean(self._ssim)) if self._ssim else 1.0,
        )


def similarity(clean, adversarial):
    """SSIM of uint8 images [N, H, W, 3] in pairs: float32 [N]."""
    window = min(SSIM_WINDOW, *clean.shape[1:3])
    return tf.image.ssim(
        tf.constant(clean), tf.constant(adversarial), max_val=255, filter_size=window
    ).numpy()


def multi_scale_similarity(clean, adversarial, batch_size=32):
    """MS-SSIM of uint8 images [N, H, W, 3] in pairs, some at a time: float32 [N]."""
    parts = [slice(first, first + batch_size) for first in range(0, len(clean), batch_size)]
    found = [ms_ssim(to_images(clean[p]), to_images(adversarial[p])).numpy() for p in parts]
    return np.concatenate(found)
