"""Predict: from named tensors to named tensors through a signature of a loaded model."""

import numpy as np
from grpc import StatusCode

from serving.contract import DEFAULT_SIGNATURE
from serving.errors import BadRequest
from serving.server.errors import StatusError, invalid_argument
from serving.server.output_tensor import to_value_proto
from serving.tensors import to_array

TENSOR_LIMIT = 2**31 - 1  # bytes; a few bytes of request can stand for a tensor of any size


def predict(manager, request, response, *, timeout_ms=None):
    """Answers a PredictRequest by filling a PredictResponse."""
    with manager.model(**request_target(request)) as (version, model):
        signature_name, outputs = predict_with(model, request, timeout_ms=timeout_ms)
    response.model_spec.name = request.model_spec.name
    response.model_spec.version.value = version
    response.model_spec.signature_name = signature_name
    for alias, array in outputs.items():
        response.outputs[alias].CopyFrom(to_value_proto(array))


def request_target(request):
    """name, version and label that the model_spec of any request asks for."""
    if not request.HasField("model_spec"):
        raise invalid_argument("Missing ModelSpec")
    spec = request.model_spec
    return {
        "name": spec.name,
        "version": spec.version.value if spec.HasField("version") else None,
        "label": spec.version_label if spec.HasField("version_label") else None,
    }


def predict_with(model, request, *, timeout_ms=None):
    """Runs a PredictRequest on a model: (signature name, {output alias: ndarray})."""
    name = request.model_spec.signature_name or DEFAULT_SIGNATURE
    if name not in model.signatures:
        raise StatusError(
            StatusCode.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.'
        )
    signature = model.signatures[name]
    inputs = request_inputs(signature, request.inputs)
    aliases = request_outputs(signature, request.output_filter)
    return name, run_signature(model, signature, inputs, aliases, timeout_ms=timeout_ms)


def rest_signature(model, name):
    """The signature for a REST request, whose error differs from that of gRPC."""
    name = name or DEFAULT_SIGNATURE
    if name not in model.signatures:
        raise invalid_argument(f'Serving signature name: "{name}" not found in signature def')
    return model.signatures[name]


def run_signature(model, signature, inputs, aliases=None, *, timeout_ms=None):
    """Runs {input alias: ndarray} to {output alias: ndarray}; all outputs unless some are named."""
    aliases = list(signature.outputs) if aliases is None else aliases
    feeds = {signature.inputs[alias].name: array for alias, array in inputs.items()}
    fetches = [signature.outputs[alias].name for alias in aliases]
    return dict(zip(aliases, model.run(feeds, fetches, timeout_ms=timeout_ms), strict=True))


def request_inputs(signature, sent):
    """{alias: ndarray} of the tensors sent and of the signature's defaults.

    Checks names and counts in TensorFlow Serving's order; dtypes and shapes are the runtime's.
    """
    wanted = signature.inputs
    if len(sent) > len(wanted) or (len(sent) < len(wanted) and not signature.defaults):
        raise invalid_argument(
            f"input size does not match signature: {len(sent)}!={len(wanted)} "
            f"len({_names(sent)}) != len({_names(wanted)}). "
            f"Sent extra: {_names(set(sent) - set(wanted))}. "
            f"Missing but required: {_names(set(wanted) - set(sent))}."
        )
    inputs = {}
    defaults = ",".join(sorted(signature.defaults))
    for alias in sorted(wanted):
        if alias not in sent and alias not in signature.defaults:
            raise invalid_argument(
                f"Signature input alias: {alias}(feed name: {wanted[alias].name}) not found in "
                "request and no default value provided. Inputs expected to be in the request "
                f"{_names(sent)}, or default input alias set: {defaults}"
            )
        proto = sent[alias] if alias in sent else signature.defaults[alias]
        inputs[alias] = _parse(alias, proto)
    used = set(sent) & set(wanted)
    if len(used) != len(sent):
        raise invalid_argument(
            f"Inputs contains invalid name. Used request inputs: {','.join(sorted(used))}, "
            f"request input: {','.join(sorted(sent))}"
        )
    return inputs


def _parse(alias, proto):
    try:
        array = to_array(proto)
    except BadRequest as error:
        raise invalid_argument(f"tensor parsing error: {alias}") from error
    if array.nbytes > TENSOR_LIMIT:
        raise invalid_argument(f"tensor parsing error: {alias}")
    return np.asarray(array, order="C")  # repeated single values share memory until here


def request_outputs(signature, output_filter):
    """Aliases to fetch: all where the filter is empty."""
    chosen = []
    for alias in output_filter:
        if alias not in signature.outputs:
            raise invalid_argument(
                f"output tensor alias not found in signature: {alias} Outputs expected to be in "
                f"the set {_names(signature.outputs)}."
            )
        if alias in chosen:
            raise invalid_argument(f"duplicate output tensor alias: {alias}")
        chosen.append(alias)
    return chosen or list(signature.outputs)


def _names(aliases):
    return "{" + ",".join(sorted(aliases)) + "}"
