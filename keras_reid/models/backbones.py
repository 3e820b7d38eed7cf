"""Images to feature maps: three keras.applications networks, OSNet and a small one for CPUs."""

import dataclasses
import os
from collections.abc import Callable

import keras

from keras_reid.errors import ReIDError, first_line
from keras_reid.models.osnet import osnet_backbone
from keras_reid.models.small import small_backbone

# What keras.applications' preprocess_input does in its three modes, for images in [0, 1].
TORCH = {"mean": (0.485, 0.456, 0.406), "deviation": (0.229, 0.224, 0.225)}
CAFFE = {
    "mean": (123.68 / 255, 116.779 / 255, 103.939 / 255),
    "deviation": (1 / 255, 1 / 255, 1 / 255),
    "blue_first": True,
}
PLUS_MINUS_ONE = {"mean": (0.5, 0.5, 0.5), "deviation": (0.5, 0.5, 0.5)}
DEFAULT_HEAD = "classification"
# Keras' MobileNetV2 averages over thousands of steps (0.999): after the hundreds of a short run its
# statistics would still be those of the beginning, and its embeddings nobody's.
SLOWEST_STATISTICS = 0.99


@dataclasses.dataclass(frozen=True, kw_only=True)
class Backbone:
    """How to make one backbone and what it expects."""

    make: Callable  # (input_shape, weights, **options) -> keras.Model from images to a feature map
    normalisation: dict  # settings of the Normalise layer that belongs to its weights
    smallest: int = 32  # pixels on the shorter side
    imagenet: bool = True  # whether keras.applications has weights to download
    # Layers whose stride becomes 1 for `last_stride=1`; None: it cannot be changed.
    last_stride_layers: tuple | None = None
    has_alpha: bool = False  # whether the number of filters can be scaled
    head: str = DEFAULT_HEAD  # what it was published with


BACKBONES = {
    "resnet50": Backbone(
        make=keras.applications.ResNet50,
        normalisation=CAFFE,
        last_stride_layers=("conv5_block1_0_conv", "conv5_block1_1_conv"),
    ),
    "densenet121": Backbone(make=keras.applications.DenseNet121, normalisation=TORCH),
    "mobilenetv2": Backbone(
        make=keras.applications.MobileNetV2, normalisation=PLUS_MINUS_ONE, has_alpha=True
    ),
    "osnet": Backbone(
        make=osnet_backbone,
        normalisation=TORCH,
        smallest=16,
        imagenet=False,
        has_alpha=True,
        head="osnet",
    ),
    "small": Backbone(
        make=small_backbone,
        normalisation=PLUS_MINUS_ONE,
        smallest=16,
        imagenet=False,
        last_stride_layers=("last_down",),
        has_alpha=True,
    ),
}


def make_backbone(name, input_size, *, weights=None, last_stride=2, alpha=1.0):
    """The feature extractor `name`, from normalised images [N, H, W, 3] to maps [N, h, w, C].

    Args:
      name: a key of BACKBONES.
      input_size: (height, width).
      weights: None, "imagenet", or a file in the format of keras.applications' "notop" weights.
      last_stride: 2, or 1 for twice the resolution of the last feature map.
      alpha: multiplies the number of filters where the architecture has that setting.

    Raises:
      ReIDError: settings that this backbone does not have, or weights that it cannot take.
    """
    backbone = check_backbone(name, input_size, last_stride=last_stride, alpha=alpha)
    options = {"alpha": alpha} if backbone.has_alpha else {}
    network = _with_weights(name, backbone, (*input_size, 3), weights, options)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = min(layer.momentum, SLOWEST_STATISTICS)
    return network if last_stride == 2 else _unstride(network, backbone.last_stride_layers)


def check_backbone(name, input_size, *, last_stride, alpha):
    """The table row of `name`, or a ReIDError that says which setting does not fit."""
    if name not in BACKBONES:
        raise ReIDError(f"no backbone is called {name!r}; choose one of {', '.join(BACKBONES)}")
    backbone = BACKBONES[name]
    if min(input_size) < backbone.smallest:
        raise ReIDError(
            f"{name} needs images of at least {backbone.smallest} pixels a side, "
            f"not {input_size[0]}x{input_size[1]}"
        )
    if last_stride not in (1, 2):
        raise ReIDError(f"last_stride is 1 or 2, not {last_stride}")
    if last_stride == 1 and backbone.last_stride_layers is None:
        able = [key for key, row in BACKBONES.items() if row.last_stride_layers]
        raise ReIDError(f"{name} has no last_stride=1; {' and '.join(able)} do")
    if alpha != 1.0 and not backbone.has_alpha:
        able = [key for key, row in BACKBONES.items() if row.has_alpha]
        raise ReIDError(f"{name} has no alpha; {' and '.join(able)} do")
    if alpha <= 0:
        raise ReIDError(f"alpha must be positive, not {alpha}")
    return backbone


def _with_weights(name, backbone, input_shape, weights, options):
    def make(source):
        return backbone.make(include_top=False, input_shape=input_shape, weights=source, **options)

    if weights is None:
        return make(None)
    if weights == "imagenet":
        if not backbone.imagenet:
            raise ReIDError(f"{name} has no ImageNet weights; leave weights out or give a file")
        try:
            return make("imagenet")
        except Exception as error:  # keras raises a bare Exception when the download fails
            raise ReIDError(
                f"ImageNet weights of {name} are neither cached nor downloadable "
                f"({first_line(error)}); give weights=FILE, or weights=none to start from scratch"
            ) from error
    if not os.path.exists(weights):
        raise ReIDError(f"there is no weights file {weights}")
    network = make(None)
    try:
        network.load_weights(weights)
    except Exception as error:  # h5py and keras raise half a dozen types when a file does not fit
        raise ReIDError(
            f"{weights} does not hold the weights of {name}"
            f"{''.join(f' with {key}={value}' for key, value in options.items())} "
            f"({first_line(error)})"
        ) from error
    return network


def _unstride(network, layers):
    """The same network, weights included, with stride 1 in `layers`."""

    def copy(layer):
        config = layer.get_config()
        if layer.name in layers:
            config["strides"] = (1, 1)
        return type(layer).from_config(config)

    twin = keras.models.clone_model(network, clone_function=copy)
    twin.set_weights(network.get_weights())
    return twin
