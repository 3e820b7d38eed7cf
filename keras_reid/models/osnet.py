"""OSNet, the omni-scale network: in every block four streams that see 3, 5, 7 and 9 pixels far.

Zhou, Yang, Cavallaro, Xiang: Omni-Scale Feature Learning for Person Re-Identification, ICCV 2019,
arXiv:1905.00953, table 1 and figures 3 and 4. A layer is called as the published weights call it,
with _ for the dots, which is how `keras_reid.models.torch_osnet` finds it.
"""

import keras

WIDTHS = (64, 256, 384, 512)  # of the stem and the three stages, times alpha
STREAMS = ("a", "b", "c", "d")  # with 1, 2, 3 and 4 light convolutions
BOTTLENECK = 4  # a block's streams have a quarter of its width
GATE_REDUCTION = 16
LAST_STAGE = 4  # no transition behind it


def osnet_backbone(include_top=False, input_shape=(256, 128, 3), weights=None, alpha=1.0):
    """Three stages of two omni-scale blocks; the map is 1/16 of the image, 512 * alpha deep.

    Args: named as in keras.applications; `include_top` and `weights` are there to be refused.
    """
    if include_top or weights is not None:
        raise ValueError("the OSNet backbone has neither a top nor weights to download")
    stem, *stages = (max(4, int(width * alpha)) for width in WIDTHS)
    images = keras.Input(input_shape, name="normalised")
    # PyTorch pads both sides alike, where "same" with stride 2 pads the lower right alone.
    x = keras.layers.ZeroPadding2D(3, name="conv1_pad")(images)
    x = _convolution(x, stem, 7, "conv1", strides=2)
    # What comes out of a ReLU is never below the zeros of the border, so they never win.
    x = keras.layers.ZeroPadding2D(1, name="maxpool_pad")(x)
    x = keras.layers.MaxPooling2D(3, 2, name="maxpool")(x)
    for number, width in enumerate(stages, 2):
        x = _block(x, width, f"conv{number}_0")
        x = _block(x, width, f"conv{number}_1")
        if number < LAST_STAGE:
            x = _convolution(x, width, 1, f"conv{number}_2_0")
            x = keras.layers.AveragePooling2D(2, name=f"conv{number}_2_1")(x)
    return keras.Model(images, _convolution(x, stages[-1], 1, "conv5"), name="osnet")


def _block(x, width, name):
    """x + the gated sum of the streams (figure 4b; equations 2 and 3)."""
    middle = max(1, width // BOTTLENECK)
    narrow = _convolution(x, middle, 1, f"{name}_conv1")
    gate = _Gate(middle, f"{name}_gate")
    streams = []
    for length, letter in enumerate(STREAMS, 1):
        stream = narrow
        for index in range(length):
            place = f"_{index}" if length > 1 else ""
            stream = _light(stream, middle, f"{name}_conv2{letter}{place}")
        streams.append(gate(stream, letter))
    summed = keras.layers.Add(name=f"{name}_streams")(streams)
    wide = _convolution(summed, width, 1, f"{name}_conv3", activated=False)
    if x.shape[-1] != width:
        x = _convolution(x, width, 1, f"{name}_downsample", activated=False)
    x = keras.layers.Add(name=f"{name}_add")([wide, x])
    return keras.layers.Activation("relu", name=f"{name}_relu")(x)


class _Gate:
    """One small network that weighs the channels of each of the four streams in turn."""

    def __init__(self, width, name):
        self._name = name
        hidden = max(1, width // GATE_REDUCTION)
        self._layers = (
            keras.layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_pool"),
            keras.layers.Conv2D(hidden, 1, activation="relu", name=f"{name}_fc1"),
            keras.layers.Conv2D(width, 1, activation="sigmoid", name=f"{name}_fc2"),
        )

    def __call__(self, stream, letter):
        weight = stream
        for layer in self._layers:
            weight = layer(weight)
        return keras.layers.Multiply(name=f"{self._name}_{letter}")([stream, weight])


def _light(x, width, name):
    """The lite 3x3 convolution: pointwise, then depthwise (figure 3b)."""
    x = _bare(width, 1, 1, f"{name}_conv1")(x)
    x = keras.layers.DepthwiseConv2D(
        3, padding="same", use_bias=False, depthwise_initializer="he_normal", name=f"{name}_conv2"
    )(x)
    return _normalised(x, name)


def _convolution(x, width, size, name, *, strides=1, activated=True):
    x = _bare(width, size, strides, f"{name}_conv")(x)
    return _normalised(x, name) if activated else _norm(name)(x)


def _normalised(x, name):
    return keras.layers.Activation("relu", name=f"{name}_relu")(_norm(name)(x))


def _norm(name):
    return keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")


def _bare(width, size, strides, name):
    return keras.layers.Conv2D(
        width, size, strides, use_bias=False, kernel_initializer="he_normal", name=name
    )
