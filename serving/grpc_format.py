"""A call as TF Serving's gRPC messages, and their answers as arrays."""

from serving.calls import Metadata, Predict, Status
from serving.errors import ServerFailure
from serving.messages import (
    SIGNATURE_DEF,
    GetModelMetadataRequest,
    GetModelStatusRequest,
    PredictRequest,
    SignatureDefMap,
)
from serving.tensors import to_array, to_proto

METHODS = {Predict: "Predict", Metadata: "GetModelMetadata", Status: "GetModelStatus"}


def request_of(call, label=None):
    """The message that asks for a call, of the version that `label` names."""
    if isinstance(call, Predict):
        request = PredictRequest(output_filter=sorted(call.outputs))
        request.model_spec.signature_name = call.signature
        for name, array in call.inputs.items():
            request.inputs[name].CopyFrom(to_proto(array))
    elif isinstance(call, Metadata):
        request = GetModelMetadataRequest(metadata_field=[SIGNATURE_DEF])
    else:
        request = GetModelStatusRequest()
    request.model_spec.name = call.model
    if label and not isinstance(call, Status):  # TF Serving ignores it there
        request.model_spec.version_label = label
    return request


def answer_of(call, response, address):
    """What the call is answered with; raises ServerFailure where the message does not hold it."""
    if isinstance(call, Status):
        return response
    if isinstance(call, Metadata):
        signatures = SignatureDefMap()
        response.metadata[SIGNATURE_DEF].Unpack(signatures)
        return signatures
    arrays = {}
    for name, dtype in call.outputs.items():
        if name not in response.outputs:
            raise ServerFailure(f"{address} answered without {name!r}")
        array = to_array(response.outputs[name])
        if array.dtype != (object if dtype == "str" else dtype):
            raise ServerFailure(f"{address} answered {name!r} as {array.dtype}, not as {dtype}")
        arrays[name] = array
    return arrays
