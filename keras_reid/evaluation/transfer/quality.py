"""How visible an attack is, measured on the uint8 output."""

import numpy as np

from keras_reid.evaluation.measure import PixelMeter, multi_scale_similarity
from keras_reid.losses import ms_ssim_scales


class QualityMeter:
    """Adds up the change of batches of uint8 images [N, H, W, 3]."""

    def __init__(self):
        self._change = PixelMeter()
        self._pixels, self._similarity, self._noise, self._size = [], [], [], None

    def add(self, clean, adversarial):
        self._size = clean.shape[1:3]
        self._change.add(clean, adversarial)
        change = adversarial.astype(np.int32) - clean
        self._pixels.extend(change.any(axis=-1).sum(axis=(1, 2)).tolist())
        self._similarity.extend(multi_scale_similarity(clean, adversarial).tolist())
        self._noise.extend(peak_signal_to_noise(change).tolist())

    def result(self):
        """A dict, ready for JSON.

        linf_255: largest change of a value. changed_pixels: mean share of the pixels of an image
        that differ; most_pixels: their largest count. ms_ssim (of `ms_ssim_scales` scales), ssim,
        psnr: means over images; psnr over those that changed, None where none did.
        """
        change = self._change.result()
        finite = [value for value in self._noise if np.isfinite(value)]
        return {
            "linf_255": change.linf_255,
            "changed_pixels": float(np.mean(self._pixels)) / (self._size[0] * self._size[1]),
            "most_pixels": int(max(self._pixels)),
            "ms_ssim": float(np.mean(self._similarity)),
            "ms_ssim_scales": ms_ssim_scales(*self._size),
            "ssim": change.ssim,
            "psnr": float(np.mean(finite)) if finite else None,
        }


def peak_signal_to_noise(change):
    """PSNR in decibels of each image, from its change int [N, H, W, 3] in 1/255; inf for none."""
    error = np.square(change.astype(np.float64)).mean(axis=(1, 2, 3))
    with np.errstate(divide="ignore"):
        return 10 * np.log10(255.0**2 / error)
