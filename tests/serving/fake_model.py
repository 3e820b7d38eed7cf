"""A NumPy model that answers what the contract asks for, remembers what it was asked, and fails on
demand; `fake_server` puts it behind gRPC and REST.
"""

import io
import json
import threading
import time

import numpy as np
from PIL import Image

from serving import contract, messages, tensors

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
    delay: seconds that each Predict takes.
    gate: called with (signature, inputs) while a Predict is under way; may wait or raise.
    edit: called with the outputs of a Predict; returns those to send.
    token: what requests have to bear; None is none.
    most_underway: largest number of Predicts under way at the same time.
    ended: threading.Semaphore, released for each call that its client ended early (gRPC).
    """

    def __init__(self):
        self.description = json.loads(json.dumps(DESCRIPTION))
        self.signatures = {name: dict(known) for name, known in SIGNATURES.items()}
        self.versions = [(2, "AVAILABLE", ""), (1, "END", "")]
        self.requests = []
        self.failures = []
        self.delay = 0.0
        self.edit = lambda outputs: outputs
        self.gate = lambda signature, inputs: None
        self.token = None
        self.ended = threading.Semaphore(0)
        self.most_underway = self._underway = 0
        self._lock = threading.Lock()

    def sent(self, signature):
        return [inputs for _, name, inputs in self.requests if name == signature]

    def signature(self, model, signature):
        if model not in self.signatures:
            raise Failure("NOT_FOUND", f"Servable not found for request: Latest({model})")
        if signature not in self.signatures[model]:
            message = f'Serving signature key "{signature}" not found.'
            raise Failure("FAILED_PRECONDITION", message)
        return self.signatures[model][signature]

    def admit(self, authorization):
        """Refuses a request without the token."""
        if self.token is not None and authorization != f"Bearer {self.token}":
            told = "wrong token" if authorization else "missing token"
            raise Failure("UNAUTHENTICATED", told)

    def predict(self, model, signature, inputs):
        with self._lock:
            self.requests.append((model, signature, inputs))
            self._underway += 1
            self.most_underway = max(self.most_underway, self._underway)
        try:
            return self._predict(model, signature, inputs)
        finally:
            with self._lock:
                self._underway -= 1

    def _predict(self, model, signature, inputs):
        time.sleep(self.delay)
        self.gate(signature, inputs)
        with self._lock:
            failure = self.failures.pop(0) if self.failures else None
        if failure:
            raise failure
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
