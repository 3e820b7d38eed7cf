"""TF Serving's gRPC services, called without TensorFlow."""

import json

import grpc

from serving import errors
from serving.messages import (
    SERVICES,
    SIGNATURE_DEF,
    GetModelMetadataRequest,
    GetModelStatusRequest,
    PredictRequest,
    SignatureDefMap,
)
from serving.tensors import to_array, to_proto

INT32_MAX = 2**31 - 1
# Full queues and exhausted thread pools of a server pass; predictions may be asked for twice.
RETRIES = {
    "maxAttempts": 5,
    "initialBackoff": "0.1s",
    "maxBackoff": "2s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
}
SERVICE_CONFIG = {
    "methodConfig": [{"name": [{"service": name} for name in SERVICES], "retryPolicy": RETRIES}]
}
OPTIONS = [
    # The default of 4 MiB is 42 images of 256 x 128.
    ("grpc.max_send_message_length", INT32_MAX),
    ("grpc.max_receive_message_length", INT32_MAX),
    ("grpc.enable_retries", 1),
    ("grpc.service_config", json.dumps(SERVICE_CONFIG)),
    # A request beyond this buffer (256 KiB by default: two images) is never retried.
    ("grpc.per_rpc_retry_buffer_size", INT32_MAX),
    # A server that comes back is noticed within a second, not within two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
]


class GrpcTransport:
    """One channel to `address`; every call ends within `timeout` seconds."""

    def __init__(self, address, timeout):
        self.address = address
        self._timeout = timeout
        self._channel = grpc.insecure_channel(address, options=OPTIONS)
        self._methods = {
            method: self._channel.unary_unary(
                f"/{service}/{method}",
                request_serializer=request.SerializeToString,
                response_deserializer=response.FromString,
            )
            for service, methods in SERVICES.items()
            for method, (request, response) in methods.items()
        }

    def predict(self, model, signature, inputs, outputs):
        """{name: array} -> {name: array}; `outputs` are those wanted, {name: NumPy dtype name}."""
        request = PredictRequest(output_filter=sorted(outputs))
        request.model_spec.signature_name = signature
        for name, array in inputs.items():
            request.inputs[name].CopyFrom(to_proto(array))
        response = self._call("Predict", model, request)
        arrays = {}
        for name, dtype in outputs.items():
            if name not in response.outputs:
                raise errors.ServerFailure(f"{self.address} answered without {name!r}")
            array = to_array(response.outputs[name])
            if array.dtype != (object if dtype == "str" else dtype):
                raise errors.ServerFailure(
                    f"{self.address} answered {name!r} as {array.dtype}, not as {dtype}"
                )
            arrays[name] = array
        return arrays

    def metadata(self, model):
        """Returns a SignatureDefMap."""
        request = GetModelMetadataRequest(metadata_field=[SIGNATURE_DEF])
        response = self._call("GetModelMetadata", model, request)
        signatures = SignatureDefMap()
        response.metadata[SIGNATURE_DEF].Unpack(signatures)
        return signatures

    def status(self, model):
        """Returns a GetModelStatusResponse."""
        return self._call("GetModelStatus", model, GetModelStatusRequest())

    def close(self):
        self._channel.close()

    def _call(self, method, model, request):
        request.model_spec.name = model
        try:
            return self._methods[method](request, timeout=self._timeout)
        except grpc.RpcError as error:
            name, details = error.code().name, error.details() or ""
            raise errors.from_server(name, details, self.address, model, self._timeout) from error
