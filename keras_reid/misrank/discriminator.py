"""The discriminator: trunks that judge pairs of images at several scales, and the mask head."""

import keras

from keras_reid.misrank.blocks import ResizeTo, computing_in, leaky, normalise
from keras_reid.misrank.spectral_norm import SpectralConv2D

# Name -> at how many scales (1, 1/2, 1/4) pairs are judged; a PatchGAN is the ablation.
SCALES = {"multi_stage": 3, "patch": 1}


def build_trunks(
    input_size, *, scales=3, filters=64, norm="batch", precision="float32", name="trunks"
):  # fmt: skip
    """A network from pairs float32 [N, H, W, 6] (two images in [0, 1]) to scores and features.

    Each scale is a PatchGAN of five 4x4 convolutions (filters x 1, 2, 4, 8, and 1 score), the three
    first of them halving; each next scale sees the pair once more averaged down by two.

    Args:
      input_size: (height, width).
      scales: 3 as published; 1 is a plain PatchGAN.
      filters, norm, precision: as of the generator.

    Returns:
      keras.Model whose output is a dictionary: "score0", ... [N, h, w, 1] real numbers, finest
      scale first, and "quarter", "deep0", ... [N, h, w, C] that the mask head reads.

    Source: Wang et al. 2020, arXiv:2004.04199, section 3.2; Wang et al. 2018, arXiv:1711.11585.
    """
    outputs = {}
    with computing_in(precision):
        pairs = keras.Input((*input_size, 6), name="pairs")
        x = keras.layers.Rescaling(2.0, -1.0, name="centred")(pairs)
        for scale in range(scales):
            if scale:
                pool = keras.layers.AveragePooling2D(3, 2, "same", name=f"scale{scale}_pool")
                x = pool(x)
            levels = _patch_levels(x, filters, norm, f"scale{scale}")
            if not scale:
                outputs["quarter"] = levels[1]
            outputs[f"deep{scale}"] = levels[2]
            outputs[f"score{scale}"] = keras.layers.Activation(
                "linear", dtype="float32", name=f"scale{scale}_score"
            )(levels[4])
    return keras.Model(pairs, outputs, name=name)


def build_mask_head(trunks, *, filters=64, precision="float32", name="mask_head"):
    """A network from the trunks' features to mask logits float32 [N, H*W].

    The deepest features of the coarsest scale are doubled and joined with those of the next, down
    to a quarter of the image (1/32 -> 1/16 -> 1/8 -> 1/4); two doubling convolutions and a 1x1 one
    bring them to its full size.

    Args:
      trunks: of `build_trunks`.
      filters, precision: as there.
    """
    shapes = {key: value.shape[1:] for key, value in trunks.output.items()}
    # "deep2", "deep1", "deep0": coarsest first; then the quarter.
    order = sorted((key for key in shapes if key.startswith("deep")), reverse=True) + ["quarter"]
    height, width = trunks.input.shape[1:3]
    with computing_in(precision):
        inputs = {key: keras.Input(shapes[key], name=key) for key in order}
        x = inputs[order[0]]
        for key in order[1:]:
            x = _convolve(x, filters * 2, f"before_{key}")
            x = ResizeTo(shapes[key][:2], name=f"{key}_size")(x)
            x = keras.layers.Concatenate(name=f"{key}_joined")([x, inputs[key]])
        x = _convolve(x, filters * 2, "fused")
        sizes = [(-(-height // 2), -(-width // 2)), (height, width)]
        for index, size in enumerate(sizes):
            x = ResizeTo(size, name=f"up{index}_size")(x)
            x = _convolve(x, filters // (index + 1), f"up{index}")
    with computing_in("float32"):
        normal = keras.initializers.RandomNormal(stddev=0.02)
        x = keras.layers.Conv2D(1, 1, kernel_initializer=normal, name="logits")(x)
        x = keras.layers.Reshape((height * width,), name="flat")(x)
    return keras.Model(inputs, x, name=name)


def _patch_levels(x, filters, norm, name):
    """Outputs of the five convolutions, the last of which is the score."""
    levels = []
    for index, (width, strides) in enumerate(
        [(filters, 2), (filters * 2, 2), (filters * 4, 2), (filters * 8, 1), (1, 1)]
    ):
        x = SpectralConv2D(width, 4, strides, name=f"{name}_conv{index}")(x)
        if 0 < index < 4:
            x = normalise(norm, f"{name}_norm{index}")(x)
        if index < 4:
            x = leaky(f"{name}_leaky{index}")(x)
        levels.append(x)
    return levels


def _convolve(x, filters, name):
    x = keras.layers.Conv2D(
        filters, 3, padding="same", kernel_initializer="he_normal", name=f"{name}_conv"
    )(x)
    return leaky(f"{name}_leaky")(x)
