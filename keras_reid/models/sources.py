"""The ways a model can lie there: workdir, .keras or .pth file, SavedModel, function."""

import dataclasses
import json
from pathlib import Path

import tensorflow as tf

from keras_reid.errors import ReIDError, first_line
from keras_reid.models import foreign
from keras_reid.models.embedder import ReIDModel, build_reid_model
from keras_reid.models.heads import EUCLIDEAN
from keras_reid.models.loaded import Found
from keras_reid.models.torch_osnet import BACKBONE as OSNET
from keras_reid.models.torch_osnet import osnet_settings
from keras_reid.models.torch_weights import is_torch_file
from keras_reid.models.weights import fingerprint, read_keras_file

MODEL_FILE = "model.keras"
TORCH_SIZE = (256, 128)  # what OSNets are published for


def find(source, output, signature, size):
    """The Found at a source; arguments as of `load_model`, size for what takes any."""
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
    config = read_config(path / "config.json")
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
            origin=_exported_origin(model),
        )  # fmt: skip
    embed, size = foreign.from_signature(source, model, signature or "serving_default", output)
    return Found(embed=embed, kind="saved_model", fingerprint=digest, model=model, input_size=size)


def _exported_distance(model):
    """What an export says; one from before there was a choice says nothing."""
    tell = getattr(model, "distance", None)
    return tell().numpy().decode() if tell else EUCLIDEAN


def _exported_origin(model):
    """The fingerprint of the model that an export was made from, where it tells one.

    Its own variables are hashed in another order, so that they cannot be compared with that.
    """
    tell = getattr(model, "signatures", {}).get("describe")
    if tell is None:
        return None
    told = tell(request=tf.constant([""]))["description"].numpy()[0]
    return json.loads(told).get("model_fingerprint") or None


def read_config(path):
    """A workdir's config.json as a dict, or a sentence on what to do."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReIDError(f"{path} cannot be read as JSON; restore it or train again") from error
