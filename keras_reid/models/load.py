"""Any model as a callable: a workdir, a .keras or .pth file, a SavedModel or a plain function."""

import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_reid.errors import ReIDError, first_line
from keras_reid.models import foreign
from keras_reid.models.embedder import ReIDModel, build_reid_model
from keras_reid.models.heads import EUCLIDEAN
from keras_reid.models.torch_osnet import BACKBONE as OSNET
from keras_reid.models.torch_osnet import osnet_settings
from keras_reid.models.torch_weights import is_torch_file
from keras_reid.models.weights import fingerprint, read_keras_file

MODEL_FILE = "model.keras"
REMEDY = "gradient attacks need float inputs and differentiable operations all the way"
TORCH_SIZE = (256, 128)  # what OSNets are published for
PIXEL_RANGES = {"0,1": (0.0, 1.0), "0,255": (0.0, 255.0), "-1,1": (-1.0, 1.0)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """A model ready to be attacked, measured or exported, wherever it came from."""

    embed: Callable  # float32 [N, H, W, 3] in [0, 1] -> float32 [N, D], differentiable if it can be
    logits: Callable | None  # the same -> [N, num_ids], where the model has a classifier
    input_size: tuple[int, int]  # (height, width)
    embedding_size: int
    source: str
    kind: str  # "workdir", "keras", "torch", "saved_model" or "function"
    fingerprint: str  # of its weights; of its source file for a function
    model: Any  # the object behind `embed`; keeps its variables alive
    config: dict | None = None  # the training configuration, from a workdir
    data_fingerprint: str | None = None  # what a workdir's model was trained on
    distance: str = EUCLIDEAN  # what its embeddings are to be compared by: a metric of retrieval


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """What each way of loading finds, before it is checked and scaled."""

    embed: Callable
    kind: str
    fingerprint: str
    model: Any
    input_size: tuple | None = None  # (height, width), None where the model takes any
    logits: Callable | None = None
    config: dict | None = None
    data_fingerprint: str | None = None
    pixel_range: str | None = None  # fixed where the model is ours
    distance: str = EUCLIDEAN


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
    found = _find(source, output, signature, input_size or default_size)
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
    )


def check_gradient(loaded):
    """Raises ReIDError when `loaded.embed` has no gradient that an attack can use."""
    gradient = check_differentiable(loaded)
    if gradient is None:
        raise ReIDError(f"{loaded.source} has no gradient with respect to its images; {REMEDY}")
    if not gradient.any():
        raise ReIDError(f"{loaded.source} has a gradient that is zero everywhere; {REMEDY}")


def check_differentiable(loaded):
    """Raises ReIDError where an attack would break off; a gradient may be missing or zero.

    Returns:
      The gradient of two random images, or None where the embedding does not depend on them.
    """
    generator = np.random.default_rng(0)
    images = tf.constant(generator.random((2, *loaded.input_size, 3), np.float32))
    # A random direction: the plain norm of a normalised embedding is constant.
    direction = tf.constant(
        generator.standard_normal((1, loaded.embedding_size)).astype(np.float32)
    )
    try:
        with tf.GradientTape() as tape:
            tape.watch(images)
            score = tf.reduce_sum(loaded.embed(images) * direction)
        gradient = tape.gradient(score, images)
    except (LookupError, ValueError, tf.errors.OpError) as error:
        raise ReIDError(
            f"{loaded.source} has an operation without gradient ({first_line(error)}); {REMEDY}"
        ) from error
    if gradient is None:
        return None
    gradient = tf.convert_to_tensor(gradient).numpy()
    if not np.isfinite(gradient).all():
        raise ReIDError(f"{loaded.source} has a gradient with NaN or infinite values; {REMEDY}")
    return gradient


def _find(source, output, signature, size):
    path = Path(source)
    if (path / "saved_model.pb").exists():
        return _saved_model(source, output, signature)
    if signature is not None:
        raise ReIDError(f"{source} is not a SavedModel and has no signature {signature!r}")
    if path.is_dir():
        return _workdir(path, output)
    if path.suffix == ".keras":
        if not path.exists():
            raise ReIDError(f"there is no model file {source}")
        return _keras(source, read_keras_file(path), output)
    if is_torch_file(path):
        return _torch(source, output, size)
    if ":" in source and not path.exists():
        if output is not None:
            raise ReIDError(f"{source} is a function with one output; leave out {output!r}")
        function, digest = foreign.import_function(source)
        return Found(
            embed=function, kind="function", fingerprint=digest, model=function,
            input_size=getattr(function, "input_size", None),
        )  # fmt: skip
    raise ReIDError(
        f"no model at {source}; give a workdir, a .keras file, an OSNet's .pth, a SavedModel "
        "directory or package.module:function"
    )


def _workdir(path, output):
    if not (path / "config.json").exists():
        versions = [child.name for child in path.iterdir() if (child / "saved_model.pb").exists()]
        versions.sort(key=lambda name: (int(name) if name.isdecimal() else -1, name))
        raise ReIDError(
            f"{path} holds several versions; give one of them: {path / versions[-1]}"
            if versions
            else f"{path} is no workdir (no config.json) and no SavedModel (no saved_model.pb)"
        )
    if not (path / MODEL_FILE).exists():
        raise ReIDError(f"{path} has no {MODEL_FILE} yet: its training has not finished an epoch")
    found = _keras(str(path / MODEL_FILE), read_keras_file(path / MODEL_FILE), output)
    config = _json(path / "config.json")
    return dataclasses.replace(
        found, kind="workdir", config=config, data_fingerprint=config.get("data_fingerprint")
    )


def _keras(source, model, output):
    if isinstance(model, ReIDModel):
        return _ours(source, model, output)
    digest = fingerprint(model.get_weights())
    embed, size = foreign.from_keras(source, model, output)
    return Found(embed=embed, kind="keras", fingerprint=digest, model=model, input_size=size)


def _ours(source, model, output, kind="keras"):
    if output is not None:
        raise ReIDError(f"{source} has one embedding; leave out the output {output!r}")
    return Found(
        embed=model.embed, kind=kind, fingerprint=fingerprint(model.get_weights()), model=model,
        input_size=tuple(model.input_size), pixel_range="0,1", distance=model.distance,
        logits=model.logits if model.num_ids is not None else None,
    )  # fmt: skip


def _torch(source, output, size):
    settings = osnet_settings(source)
    model = build_reid_model(OSNET, size or TORCH_SIZE, weights=source, **settings)
    return _ours(source, model, output, "torch")


def _saved_model(source, output, signature):
    try:
        model = tf.saved_model.load(source)
    except Exception as error:  # protobuf, tensorflow and the file system each raise their own
        raise ReIDError(
            f"{source} cannot be loaded as a SavedModel ({first_line(error)})"
        ) from error
    digest = fingerprint(foreign.variables_of(model))
    if hasattr(model, "embed_images"):
        if output is not None or signature is not None:
            raise ReIDError(f"{source} is an export of ours; leave out output and signature")
        size = foreign.function_size(model.embed_images)
        return Found(
            embed=model.embed_images, kind="saved_model", fingerprint=digest, model=model,
            input_size=size, pixel_range="0,1",
            logits=getattr(model, "logits_images", None), distance=_exported_distance(model),
        )  # fmt: skip
    embed, size = foreign.from_signature(source, model, signature or "serving_default", output)
    return Found(embed=embed, kind="saved_model", fingerprint=digest, model=model, input_size=size)


def _exported_distance(model):
    """What an export says; one from before there was a choice says nothing."""
    tell = getattr(model, "distance", None)
    return tell().numpy().decode() if tell else EUCLIDEAN


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


def _json(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReIDError(f"{path} cannot be read as JSON; restore it or train again") from error
