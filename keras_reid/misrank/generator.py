"""The generator: an image-to-image residual network, from an image to what tanh makes a noise."""

import keras

from keras_reid.errors import ReIDError
from keras_reid.misrank.blocks import ReflectionPad, computing_in, normalise
from keras_reid.misrank.spectral_norm import SpectralConv2D


def build_generator(
    input_size, *, filters=32, blocks=6, norm="batch", precision="float32", name="generator"
):  # fmt: skip
    """A network float32 [N, H, W, 3] in [0, 1] -> float32 [N, H, W, 3], any real number.

    A 7x7 stem, two halvings, `blocks` residual blocks, two doublings and a 7x7 convolution; all but
    the last convolution are spectrally normalised, and all kernels begin with deviation 0.02, so
    that the noise begins near zero.

    Args:
      input_size: (height, width), multiples of 4, from 12 up.
      filters: of the stem; the blocks have four times as many.
      blocks: 6 as published, 9 for the larger one.
      norm: "batch" or "instance".
      precision: "float32", "mixed_float16" or "mixed_bfloat16"; the last convolution is float32.

    Returns:
      keras.Model.

    Source: Johnson et al. 2016, arXiv:1603.08155, as used by Wang et al. 2020.
    """
    height, width = input_size
    if height % 4 or width % 4 or min(height, width) < 12:
        raise ReIDError(
            f"the generator takes crops whose sides are multiples of 4 and at least 12, not "
            f"{height}x{width}"
        )
    if blocks < 1 or filters < 1:
        raise ReIDError(f"a generator of {blocks} blocks and {filters} filters is empty")

    def convolve(x, width, size, name, strides=1, padding="valid"):
        x = SpectralConv2D(width, size, strides, padding, name=name)(x)
        return normalise(norm, f"{name}_norm")(x)

    def activate(x, name):
        return keras.layers.Activation("relu", name=f"{name}_relu")(x)

    with computing_in(precision):
        images = keras.Input((height, width, 3), name="images")
        x = keras.layers.Rescaling(2.0, -1.0, name="centred")(images)
        x = ReflectionPad(3, name="stem_pad")(x)
        x = activate(convolve(x, filters, 7, "stem"), "stem")
        for index in (1, 2):
            name = f"down{index}"
            x = activate(convolve(x, filters * 2**index, 3, name, 2, "same"), name)
        for index in range(blocks):
            x = _residual(x, convolve, activate, f"block{index}")
        for index in (1, 0):
            name = f"up{index}"
            # Doubled by repetition: a transposed convolution leaves a chequerboard.
            x = keras.layers.UpSampling2D(2, name=f"{name}_double")(x)
            x = activate(convolve(x, filters * 2**index, 3, name, 1, "same"), name)
        x = ReflectionPad(3, name="last_pad")(x)
    with computing_in("float32"):
        normal = keras.initializers.RandomNormal(stddev=0.02)
        x = keras.layers.Conv2D(3, 7, kernel_initializer=normal, name="last")(x)
    return keras.Model(images, x, name=name)


def _residual(x, convolve, activate, name):
    shortcut, width = x, x.shape[-1]
    for part in "ab":
        x = ReflectionPad(1, name=f"{name}_{part}_pad")(x)
        x = convolve(x, width, 3, f"{name}_{part}")
        if part == "a":
            x = activate(x, f"{name}_{part}")
    return keras.layers.Add(name=f"{name}_add")([shortcut, x])
