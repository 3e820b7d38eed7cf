"""A residual network for CPUs: about 270,000 weights, quick at 64x32 and at 128x64."""

import keras

WIDTHS = (16, 32, 64, 80)


def small_backbone(include_top=False, input_shape=(64, 32, 3), weights=None, alpha=1.0):
    """Three residual stages; the feature map is 1/16 of the image, 80 channels deep.

    Swish instead of ReLU: its gradient is smooth and nowhere dead, which gradient attacks and their
    parity checks like. Full 3x3 convolutions instead of depthwise ones: at these widths a CPU runs
    them faster.

    Args: named as in keras.applications; `include_top` and `weights` are there to be refused.
    """
    if include_top or weights is not None:
        raise ValueError("the small backbone has neither a top nor published weights")
    stem, *stages = (max(8, int(round(width * alpha / 8)) * 8) for width in WIDTHS)
    images = keras.Input(input_shape, name="normalised")
    x = _activation(_normalise(_convolution(stem, 3, 2, "stem")(images), "stem"), "stem")
    for index, width in enumerate(stages):
        last = index == len(stages) - 1
        x = _down(x, width, "last" if last else f"stage{index}")
        x = _residual(x, width, f"stage{index}_residual")
    return keras.Model(images, x, name="small")


def _down(x, width, name):
    x = _convolution(width, 3, 2, f"{name}_down")(x)
    return _activation(_normalise(x, f"{name}_down"), f"{name}_down")


def _residual(x, width, name):
    shortcut = x
    x = _activation(_normalise(_convolution(width, 3, 1, f"{name}_a")(x), f"{name}_a"), f"{name}_a")
    x = _normalise(_convolution(width, 3, 1, f"{name}_b")(x), f"{name}_b")
    return _activation(keras.layers.Add(name=f"{name}_add")([shortcut, x]), f"{name}_b")


def _convolution(width, size, strides, name):
    return keras.layers.Conv2D(
        width,
        size,
        strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )


def _normalise(x, name):
    return keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-3, name=f"{name}_bn")(x)


def _activation(x, name):
    return keras.layers.Activation("swish", name=f"{name}_swish")(x)
