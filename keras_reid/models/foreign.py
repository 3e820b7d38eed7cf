"""Models that are not ours, made callables: which input, which output, which size."""

import importlib
import inspect
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_reid.errors import ReIDError, first_line
from keras_reid.models.weights import fingerprint


def from_keras(source, model, output):
    """(embed, (height, width)) of a functional or sequential model with one image input."""
    try:
        inputs, outputs = model.inputs, model.outputs
    except AttributeError:
        inputs = outputs = None
    if not inputs:
        raise ReIDError(
            f"{source} is a {type(model).__name__}, a subclassed model whose input is unknown; "
            "save it as a functional model, or give package.module:function"
        )
    if len(inputs) != 1:
        raise ReIDError(f"{source} takes {len(inputs)} inputs; only single-image models are known")
    size = _image_size(source, tuple(inputs[0].shape))
    one = keras.Model(model.inputs, _keras_output(source, model, outputs, output))
    dtype = tf.as_dtype(inputs[0].dtype)
    return _called(lambda images: one(images, training=False), dtype), size


def _keras_output(source, model, outputs, name):
    if name is None:
        if len(outputs) == 1:
            return outputs[0]
        names = _output_names(model, outputs)
        raise ReIDError(
            f"{source} has {len(outputs)} outputs; name the embedding: --output_head={names[0]} "
            f"(of {', '.join(names)})"
        )
    names = _output_names(model, outputs)
    if name in names:
        return outputs[names.index(name)]
    try:
        return model.get_layer(name).output
    except (ValueError, AttributeError) as error:
        raise ReIDError(
            f"{source} has no output or layer {name!r}; its outputs are {', '.join(names)}"
        ) from error


def _output_names(model, outputs):
    names = list(getattr(model, "output_names", ()) or ())
    return names if len(names) == len(outputs) else [f"output_{i}" for i in range(len(outputs))]


def from_signature(source, model, signature, output):
    """(embed, (height, width) or None) of a SavedModel's signature with one image input."""
    signatures = getattr(model, "signatures", {})
    if signature not in signatures:
        known = ", ".join(sorted(signatures)) or "none"
        raise ReIDError(f"{source} has no signature {signature!r}; it has: {known}")
    function = signatures[signature]
    inputs = function.structured_input_signature[1]
    if len(inputs) != 1:
        raise ReIDError(
            f"signature {signature!r} of {source} takes {', '.join(inputs) or 'nothing'}; "
            "choose one with a single image input"
        )
    ((input_name, spec),) = inputs.items()
    if not (spec.dtype.is_floating or spec.dtype == tf.uint8):
        raise ReIDError(
            f"signature {signature!r} of {source} takes {spec.dtype.name}; "
            "choose one that takes float or uint8 images"
        )
    names = list(function.structured_outputs)
    if output is None and len(names) > 1:
        raise ReIDError(
            f"signature {signature!r} of {source} has {len(names)} outputs; name the embedding: "
            f"--output_head={names[0]} (of {', '.join(names)})"
        )
    if output is not None and output not in names:
        raise ReIDError(
            f"signature {signature!r} of {source} has no output {output!r}; "
            f"it has: {', '.join(names)}"
        )
    name = output or names[0]
    size = None if spec.shape.rank is None else _image_size(source, tuple(spec.shape))
    embed = _called(lambda images: function(**{input_name: images})[name], spec.dtype)
    return embed, size


def function_size(function):
    """(height, width) that a loaded SavedModel's tf.function was traced with, or None."""
    for concrete in getattr(function, "concrete_functions", ()):
        spec = concrete.structured_input_signature[0][-1]
        if isinstance(spec, tf.TensorSpec) and spec.shape.rank == 4:
            return tuple(spec.shape[1:3])
    return None


def import_function(source):
    """(function, fingerprint) of "package.module:function"."""
    module_name, _, name = source.partition(":")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # the module is somebody's program: it may raise anything
        raise ReIDError(f"cannot import {module_name} ({first_line(error)})") from error
    function = module
    for part in name.split("."):
        function = getattr(function, part, None)
    if not callable(function):
        raise ReIDError(f"{module_name} has no function {name!r}")
    if isinstance(function, keras.Model):
        return function, fingerprint(function.get_weights())
    code = inspect.getsourcefile(module)
    text = Path(code).read_bytes() if code else b""
    return function, fingerprint([np.frombuffer(text + name.encode(), np.uint8)])


def variables_of(model):
    """Values of a loaded SavedModel's variables, in a stable order."""
    variables = getattr(model, "variables", None)
    if not variables:
        variables = [
            variable
            for function in getattr(model, "signatures", {}).values()
            for variable in function.variables
        ]
    unique = {id(variable): variable for variable in variables}.values()
    return [variable.numpy() for variable in sorted(unique, key=lambda variable: variable.name)]


def _called(call, dtype):
    """`call` with images converted to what it takes; whole numbers are rounded, not cut."""
    if dtype.is_floating:
        return lambda images: tf.cast(call(tf.cast(images, dtype)), tf.float32)
    limited = (dtype.min, dtype.max)
    return lambda images: tf.cast(
        call(tf.cast(tf.clip_by_value(tf.round(images), *limited), dtype)), tf.float32
    )


def _image_size(source, shape):
    if len(shape) != 4 or shape[3] not in (None, 3):
        raise ReIDError(f"{source} takes {shape}, not images [N, height, width, 3]")
    if shape[0] is not None:
        raise ReIDError(
            f"{source} takes batches of exactly {shape[0]}; save it with a free batch dimension"
        )
    return shape[1:3]
