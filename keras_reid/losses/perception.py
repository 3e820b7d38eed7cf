"""Multi-scale structural similarity whose gradient is finite everywhere."""

import numpy as np
import tensorflow as tf

from keras_reid.errors import ReIDError

# Wang et al. 2003, table 1: the weight of each scale, finest first.
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_DEVIATION = 1.5
_C1, _C2 = 0.01**2, 0.03**2
# tf.image.ssim_multiscale takes relu here, and the fractional power's gradient at 0 is infinite.
_FLOOR = 1e-6


def ms_ssim(a, b, *, filter_size=7):
    """Multi-scale structural similarity, 1 for equal images.

    Equal to tf.image.ssim_multiscale with `ms_ssim_weights` wherever that one's terms are positive.

    Args:
      a, b: [N, H, W, C] in [0, 1], H and W known; computed in float32.
      filter_size: side of the Gaussian window, whose deviation is 1.5.

    Returns:
      float32 [N], above 0 and up to 1.

    Source: Wang, Simoncelli, Bovik 2003, eq. 7.
    """
    a, b = tf.cast(a, tf.float32), tf.cast(b, tf.float32)
    if a.shape.rank != 4 or not a.shape.is_compatible_with(b.shape):
        raise ReIDError(f"images must be two times [N, H, W, C], not {a.shape} and {b.shape}")
    weights = ms_ssim_weights(*a.shape[1:3], filter_size=filter_size)
    similarity = 1.0
    for scale, weight in enumerate(weights):
        if scale:
            a, b = _halved(a), _halved(b)
        contrast, whole = _ssim_terms(a, b, filter_size)
        term = whole if scale == len(weights) - 1 else contrast
        similarity *= tf.maximum(term, _FLOOR) ** weight
    return tf.reduce_mean(similarity, axis=1)


def ms_ssim_scales(height, width, *, filter_size=7):
    """How many scales L images of this size have: the most, up to 5, that the window still fits."""
    if filter_size < 1 or min(height, width) < filter_size:
        raise ReIDError(
            f"images of {height}x{width} are smaller than the {filter_size} pixels of MS-SSIM's "
            "window; give larger images or a smaller filter_size"
        )
    scales = range(1, len(SCALE_WEIGHTS) + 1)
    return max(scale for scale in scales if min(height, width) / 2 ** (scale - 1) >= filter_size)


def ms_ssim_weights(height, width, *, filter_size=7):
    """The weights of those scales, finest first: the published ones, or fewer that sum to 1."""
    weights = SCALE_WEIGHTS[: ms_ssim_scales(height, width, filter_size=filter_size)]
    if len(weights) == len(SCALE_WEIGHTS):
        return weights  # as printed; their sum is 1.0001
    return tuple(weight / sum(weights) for weight in weights)


def _ssim_terms(a, b, filter_size):
    """([N, C] contrast times structure, [N, C] that times luminance), means over the positions."""
    both = tf.concat([a, b, a * b, a**2 + b**2], axis=-1)
    mean_a, mean_b, product, squares = tf.split(_blurred(both, filter_size), 4, axis=-1)
    of_means = 2 * mean_a * mean_b
    of_squares = mean_a**2 + mean_b**2
    luminance = (of_means + _C1) / (of_squares + _C1)
    contrast = (2 * product - of_means + _C2) / (squares - of_squares + _C2)
    return tf.reduce_mean(contrast, axis=[1, 2]), tf.reduce_mean(contrast * luminance, axis=[1, 2])


def _blurred(images, size):
    """Gaussian means at every place where the window fits."""
    places = np.arange(size) - (size - 1) / 2
    window = np.exp(-(places**2) / (2 * _DEVIATION**2))
    window = (window / window.sum()).astype(np.float32)
    for shape in ((size, 1), (1, size)):
        kernel = tf.tile(tf.reshape(window, (*shape, 1, 1)), [1, 1, images.shape[-1], 1])
        images = tf.nn.depthwise_conv2d(images, kernel, [1, 1, 1, 1], "VALID")
    return images


def _halved(images):
    height, width = images.shape[1:3]
    images = tf.pad(images, [[0, 0], [0, height % 2], [0, width % 2], [0, 0]], "SYMMETRIC")
    return tf.nn.avg_pool2d(images, 2, 2, "VALID")
