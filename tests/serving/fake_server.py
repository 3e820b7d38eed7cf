"""A model server in a hundred lines: a NumPy model behind gRPC and REST, without TensorFlow.

It answers what the contract asks for, remembers what it was asked, and fails on demand.
"""

import base64
import concurrent.futures
import contextlib
import http.server
import io
import json
import threading
import time

import grpc
import numpy as np
from google.protobuf import json_format
from PIL import Image

from serving import contract, errors, messages, tensors

SIZE = (8, 4)
WIDTH = 5
SLOTS = {"num_push": 3, "num_pull": 2}
PROJECTION = np.random.default_rng(7).normal(size=[SIZE[0] * SIZE[1] * 3, WIDTH])
DESCRIPTION = {
    "contract_version": contract.CONTRACT_VERSION,
    "model": "fake",
    "input_size": list(SIZE),
    "embedding_size": WIDTH,
    "attacks": {
        "sma": {"guided": False, "guide_size": WIDTH, "step_size": 1 / 255}
        | {"num_push": 0, "num_pull": 0},
        "fna": {"guided": True, "guide_size": WIDTH, "step_size": 1 / 255} | SLOTS,
    },
    "limits": {"epsilon": 16 / 255, "steps": 20, "batch": 4, "encoded_bytes": 2000},
    "model_fingerprint": "m1",
    "data_fingerprint": "d1",
}
SIGNATURES = {
    "reid": {
        contract.EMBED: contract.EMBED_SIGNATURE,
        contract.DEFAULT_SIGNATURE: contract.EMBED_SIGNATURE,
        contract.DESCRIBE: contract.DESCRIBE_SIGNATURE,
        "attack_sma": contract.SELF_GUIDED,
        "attack_fna": contract.GUIDED,
    },
    "reid_encoded": {
        contract.EMBED_ENCODED: contract.EMBED_ENCODED_SIGNATURE,
        contract.DECODE: contract.DECODE_SIGNATURE,
    },
}
SIZES = {"height": SIZE[0], "width": SIZE[1], "embedding_size": WIDTH, "guide_size": WIDTH, **SLOTS}


class Failure(Exception):
    def __init__(self, status, details):
        super().__init__(details)
        self.status = status


def embed(images):
    return (images.reshape(len(images), -1) / 255 @ PROJECTION).astype(np.float32)


def decode(encoded):
    images = []
    for content in encoded:
        try:
            image = Image.open(io.BytesIO(content)).convert("RGB")
        except OSError as error:
            raise Failure("INVALID_ARGUMENT", "unknown format\n\t [[{{node Decode}}]]") from error
        images.append(np.asarray(image.resize(SIZE[::-1]), np.uint8))
    return np.stack(images)


def attack(images, epsilon, steps, seed, push=None, push_weight=None, pull=None, pull_weight=None):
    """Every pixel by epsilon, up or down as the image's own seed says."""
    signs = [
        np.random.default_rng(key % 2**64).choice([-1, 1], images.shape[1:])
        for key in seed.tolist()
    ]
    change = np.stack(signs) * np.round(epsilon * 255).astype(int)[:, None, None, None]
    adversarial = np.clip(images + change, 0, 255).astype(np.uint8)
    moved = embed(adversarial) - embed(images)
    change = np.abs(adversarial.astype(np.float32) - images).max(axis=(1, 2, 3))
    return {
        "adversarial": adversarial,
        "displacement": np.linalg.norm(moved, axis=1).astype(np.float32),
        "linf": (change / 255).astype(np.float32),
        "epsilon_used": epsilon,
        "steps_used": steps,
        "valid": np.isfinite(epsilon).astype(np.uint8),
    }


class FakeModel:
    """What both servers answer from.

    requests: (model, signature, inputs) of every Predict so far.
    failures: Failures to raise before anything else, one per Predict.
    """

    def __init__(self):
        self.description = json.loads(json.dumps(DESCRIPTION))
        self.signatures = {name: dict(known) for name, known in SIGNATURES.items()}
        self.versions = [(2, "AVAILABLE", ""), (1, "END", "")]
        self.requests = []
        self.failures = []
        self.delay = 0.0
        self.edit = lambda outputs: outputs

    def sent(self, signature):
        return [inputs for _, name, inputs in self.requests if name == signature]

    def signature(self, model, signature):
        if model not in self.signatures:
            raise Failure("NOT_FOUND", f"Servable not found for request: Latest({model})")
        if signature not in self.signatures[model]:
            message = f'Serving signature key "{signature}" not found.'
            raise Failure("FAILED_PRECONDITION", message)
        return self.signatures[model][signature]

    def predict(self, model, signature, inputs):
        self.requests.append((model, signature, inputs))
        time.sleep(self.delay)
        if self.failures:
            raise self.failures.pop(0)
        known = self.signature(model, signature)
        if inputs.keys() != known.inputs.keys():
            raise Failure("INVALID_ARGUMENT", "input size does not match signature")
        for name, tensor in known.inputs.items():
            shape = (inputs[name].shape[0], *(SIZES.get(size, size) for size in tensor.shape))
            if inputs[name].shape != shape:
                raise Failure("INVALID_ARGUMENT", f"{name} has shape {inputs[name].shape}")
        return self.edit(self.run(signature, known, inputs))

    def run(self, signature, known, inputs):
        if signature == contract.DESCRIBE:
            return {"description": np.array([json.dumps(self.description).encode()], object)}
        if signature == contract.DECODE:
            return {"images": decode(inputs["encoded"])}
        if signature == contract.EMBED_ENCODED:
            return {"embeddings": embed(decode(inputs["encoded"]))}
        if signature.startswith(contract.ATTACK_PREFIX):
            return attack(**inputs)
        (images,) = inputs.values()
        (output,) = known.outputs
        return {output: embed(images)}

    def metadata(self, model):
        known = messages.SignatureDefMap()
        if model not in self.signatures:
            raise Failure("NOT_FOUND", f"Servable not found for request: Latest({model})")
        for name, signature in self.signatures[model].items():
            for side in ("inputs", "outputs"):
                for tensor_name, tensor in getattr(signature, side).items():
                    info = getattr(known.signature_def[name], side)[tensor_name]
                    info.dtype = (
                        tensors.STRING if tensor.dtype == "str" else tensors.NUMBER_OF[tensor.dtype]
                    )
                    for size in (-1, *tensor.shape):
                        info.tensor_shape.dim.add(size=SIZES.get(size, size))
        known.signature_def["__saved_model_init_op"].outputs["init"].name = "NoOp"
        return known

    def status(self, model):
        if model not in self.signatures:
            raise Failure("NOT_FOUND", f"Could not find any versions of model {model}")
        response = messages.GetModelStatusResponse()
        for version, state, message in self.versions:
            row = response.model_version_status.add(version=version, state=messages.STATE[state])
            row.status.error_message = message
        return response


@contextlib.contextmanager
def grpc_server(model, port=0, options=()):
    """Yields "localhost:port" of a running server."""

    def predict(request):
        inputs = {name: tensors.to_array(proto) for name, proto in request.inputs.items()}
        outputs = model.predict(request.model_spec.name, request.model_spec.signature_name, inputs)
        response = messages.PredictResponse(model_spec=request.model_spec)
        for name in request.output_filter or outputs:
            if name in outputs:
                response.outputs[name].CopyFrom(tensors.to_proto(outputs[name]))
        return response

    def metadata(request):
        response = messages.GetModelMetadataResponse(model_spec=request.model_spec)
        response.metadata["signature_def"].Pack(model.metadata(request.model_spec.name))
        return response

    def status(request):
        return model.status(request.model_spec.name)

    def answered(function):
        def handler(request, context):
            try:
                return function(request)
            except Failure as failure:
                context.abort(grpc.StatusCode[failure.status], str(failure))

        return handler

    functions = {"Predict": predict, "GetModelMetadata": metadata, "GetModelStatus": status}
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4), options=options)
    for service, methods in messages.SERVICES.items():
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                answered(functions[name]), request.FromString, response.SerializeToString
            )
            for name, (request, response) in methods.items()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port(f"localhost:{port}")
    server.start()
    try:
        yield f"localhost:{port}"
    finally:
        server.stop(0).wait()


@contextlib.contextmanager
def rest_server(model):
    """Yields "http://localhost:port" of a running server."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            name, _, verb = self.path.removeprefix("/v1/models/").partition("/")
            message = (model.metadata if verb else model.status)(name)
            answer = json_format.MessageToDict(message, preserving_proto_field_name=True)
            return {"metadata": {"signature_def": answer}} if verb else answer

        def do_POST(self):
            name = self.path.removeprefix("/v1/models/").removesuffix(":predict")
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = model.signature(name, body["signature_name"])
            inputs = {
                name: column(values, known.inputs[name]) for name, values in body["inputs"].items()
            }
            outputs = model.predict(name, body["signature_name"], inputs)
            columns = {key: plain(array) for key, array in outputs.items()}
            return {"outputs": columns if len(columns) > 1 else next(iter(columns.values()))}

        def handle_one_request(self):
            self.raw_requestline = self.rfile.readline(65537)
            if not self.parse_request():
                return
            try:
                status, answer = 200, getattr(self, f"do_{self.command}")()
            except Failure as failure:
                status = errors.HTTP_STATUS[failure.status]
                answer = {"error": str(failure)}
            with contextlib.suppress(OSError):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("localhost", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def column(values, tensor):
    if tensor.dtype == "str":
        array = np.empty(len(values), object)
        array[:] = [base64.b64decode(value["b64"]) for value in values]
        return array
    return np.array(values, tensor.dtype)


def plain(array):
    return [value.decode() for value in array] if array.dtype == object else array.tolist()
