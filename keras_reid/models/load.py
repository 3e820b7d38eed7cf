"""Any model as a callable: a workdir, a .keras or .pth file, a SavedModel or a plain function."""

import os

import numpy as np
import tensorflow as tf

from keras_reid.errors import ReIDError, first_line
from keras_reid.models.loaded import PIXEL_RANGES, LoadedModel
from keras_reid.models.sources import find


def load_model(
    source,
    *,
    input_size=None,
    pixel_range=None,
    output=None,
    signature=None,
    default_size=None,
):
    """Opens a model by where it lies.

    Args:
      source: one of
        a workdir of a trainer;
        a .keras file: ours, or any functional or sequential model with one image input;
        a .pth file of torchreid's OSNet, which takes any size (256x128 unless told);
        a SavedModel directory: ours, or any with a signature of one image input;
        "package.module:function": that function is the embedder itself; it is called with images
        [N, H, W, 3] in `pixel_range` and returns [N, D].
      input_size: (height, width), where the model does not fix it.
      pixel_range: what the model expects, "0,1" (default), "0,255" or "-1,1"; images given to
        `embed` are always in [0, 1] and are scaled on the way. Not for models of ours.
      output: name of the output that is the embedding, where there are several; for a functional
        .keras model also the name of any layer.
      signature: of a foreign SavedModel; default "serving_default".
      default_size: (height, width), for a model that takes any; unlike input_size, one that fixes
        its own keeps it.

    Returns:
      LoadedModel.

    Raises:
      ReIDError: nothing there, several outputs and none named, an output that is not [N, D], or
        settings that contradict the model.
    """
    source = os.fspath(source)
    if pixel_range is not None and pixel_range not in PIXEL_RANGES:
        raise ReIDError(f"pixel range {pixel_range!r} is unknown; use {', '.join(PIXEL_RANGES)}")
    found = find(source, output, signature, input_size or default_size)
    if found.pixel_range and pixel_range not in (None, found.pixel_range):
        raise ReIDError(
            f"{source} takes pixels in {found.pixel_range}; leave out the pixel range {pixel_range}"
        )
    if input_size is None and found.input_size in (None, (None, None)):
        input_size = default_size
    size = _agreed_size(source, found.input_size, input_size)
    embed = _scaled(found.embed, found.pixel_range or pixel_range or "0,1")
    return LoadedModel(
        embed=embed,
        logits=found.logits,
        input_size=size,
        embedding_size=_probe(source, embed, size),
        source=source,
        kind=found.kind,
        fingerprint=found.fingerprint,
        model=found.model,
        config=found.config,
        data_fingerprint=found.data_fingerprint,
        distance=found.distance,
        origin=found.origin,
    )


def _agreed_size(source, own, asked):
    asked = tuple(int(side) for side in asked) if asked is not None else None
    if own is None or None in own:
        if asked is None:
            raise ReIDError(f"{source} takes images of any size; say which: --input_size=256,128")
        own = (own or (None, None))[0] or asked[0], (own or (None, None))[1] or asked[1]
    if asked not in (None, tuple(own)):
        raise ReIDError(
            f"{source} takes images of {own[0]}x{own[1]} (height x width), "
            f"not {asked[0]}x{asked[1]}"
        )
    return int(own[0]), int(own[1])


def _scaled(embed, pixel_range):
    low, high = PIXEL_RANGES[pixel_range]
    if (low, high) == (0.0, 1.0):
        return embed
    return lambda images: embed(images * (high - low) + low)


def _probe(source, embed, size):
    """The embedding's width, from two grey images."""
    try:
        embeddings = embed(tf.fill((2, *size, 3), 0.5))
    except ReIDError:
        raise
    except Exception as error:  # whatever a foreign model raises on images that it does not take
        raise ReIDError(
            f"{source} fails on a batch of two {size[0]}x{size[1]} images ({first_line(error)})"
        ) from error
    shape = tuple(getattr(embeddings, "shape", ()))
    if len(shape) != 2 or shape[0] != 2:
        what = f"shape {shape}" if shape else f"a {type(embeddings).__name__}"
        raise ReIDError(f"{source} returns {what} for two images, not [2, embedding size]")
    if not np.isfinite(np.asarray(embeddings)).all():
        raise ReIDError(f"{source} returns NaN or infinite embeddings for grey images")
    return int(shape[1])
