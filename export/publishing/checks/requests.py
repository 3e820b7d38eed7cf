"""One list of requests, two uses: sent to a server, and kept as its warm-up."""

import dataclasses
import io
import json

import numpy as np
import tensorflow as tf
from PIL import Image
from tensorflow_serving.apis import predict_pb2

from export.parity_attacks import attack_request
from keras_reid.errors import ReIDError, first_line
from serving import contract

EPSILON = 5 / 255
INTERNAL = "__"  # of TensorFlow's own signatures, such as __saved_model_init_op
IMAGE_TYPES = {tf.uint8.as_datatype_enum: np.uint8, tf.float32.as_datatype_enum: np.float32}


@dataclasses.dataclass(frozen=True)
class Request:
    """Inputs {name: array with one row for each image} for a signature of a servable."""

    servable: str
    signature: str
    inputs: dict

    @property
    def rows(self):
        return len(next(iter(self.inputs.values())))

    @property
    def what(self):
        return f"{self.servable} {self.signature}, {self.rows} row{'s' * (self.rows > 1)}"

    def first(self, count):
        """The same with the first rows only."""
        return dataclasses.replace(
            self, inputs={name: array[:count] for name, array in self.inputs.items()}
        )

    def message(self, **changes):
        """The PredictRequest; `changes` replaces or, with None, leaves out an input."""
        request = predict_pb2.PredictRequest()
        request.model_spec.name = self.servable
        request.model_spec.signature_name = self.signature
        for name, array in (self.inputs | changes).items():
            if array is not None:
                request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
        return request


def describe(served, path):
    """What an export of ours says about itself, or None of a foreign SavedModel.

    Raises:
      ReIDError: no signature at all, or another version of the contract.
    """
    if not [name for name in served.signatures if not name.startswith(INTERNAL)]:
        raise ReIDError(f"{path} has no signature, so no client could ask it anything")
    if contract.DESCRIBE not in served.signatures:
        return None
    try:
        answer = served.run(contract.DESCRIBE, {"request": [b""]})["description"]
        told = json.loads(answer[0])
        version = told["contract_version"]
    except (KeyError, ValueError, TypeError, tf.errors.OpError) as error:
        raise ReIDError(f"{path} describes itself in no known way; export it again") from error
    if version != contract.CONTRACT_VERSION:
        raise ReIDError(
            f"{path} follows version {version} of the contract and this is version "
            f"{contract.CONTRACT_VERSION}; export it again"
        )
    return told


def main_requests(name, served, told, pixels, steps):
    """Requests for every signature of our main servable, one of all rows each.

    Args:
      name: of the servable. served: ServedModel. told: what it describes.
      pixels: uint8 [N, H, W, 3] of its size. steps: of iterative attacks, at most the ceiling.
    """
    try:
        embeddings = served.run(contract.EMBED, {"images": pixels})["embeddings"]
    except (KeyError, tf.errors.OpError) as error:
        raise ReIDError(
            f"{name} describes itself but does not embed ({first_line(error)}); export it again"
        ) from error
    blank = np.full(len(pixels), b"", object)
    requests = [
        Request(name, contract.EMBED, {"images": pixels}),
        Request(name, contract.DEFAULT_SIGNATURE, {"images": pixels}),
        Request(name, contract.DESCRIBE, {"request": blank}),
    ]
    ceilings = told["limits"]
    epsilon, steps = min(EPSILON, ceilings["epsilon"]), min(steps, ceilings["steps"])
    for attack, facts in told["attacks"].items():
        inputs = attack_request(pixels, embeddings, facts, epsilon, steps, seed=0)
        requests.append(Request(name, contract.attack_signature_name(attack), inputs))
    return requests


def encoded_requests(name, pixels):
    """Requests for every signature of our encoded servable: PNG and JPEG in turn."""
    encoded = np.array(
        [encode(image, ("PNG", "JPEG")[row % 2]) for row, image in enumerate(pixels)], object
    )
    signatures = (contract.EMBED_ENCODED, contract.DEFAULT_SIGNATURE, contract.DECODE)
    return [Request(name, signature, {"encoded": encoded}) for signature in signatures]


def foreign_requests(name, served, pixels):
    """Requests for those signatures of a foreign SavedModel that take one image of a fixed size.

    pixels: (count, size) -> uint8 [N, H, W, 3].
    """
    requests = []
    for signature, definition in sorted(served.signatures.items()):
        size = image_size(definition)
        if size is None or signature.startswith(INTERNAL):
            continue
        ((alias, info),) = definition.inputs.items()
        images = pixels(size).astype(IMAGE_TYPES[info.dtype])
        if info.dtype == tf.float32.as_datatype_enum:
            images /= 255
        requests.append(Request(name, signature, {alias: images}))
    return requests


def image_size(definition):
    """(height, width) of a SignatureDef with one image input, or None."""
    if len(definition.inputs) != 1:
        return None
    ((_, info),) = definition.inputs.items()
    sides = [dim.size for dim in info.tensor_shape.dim]
    fits = info.dtype in IMAGE_TYPES and len(sides) == 4
    if not fits or sides[0] >= 0 or sides[3] != 3 or min(sides[1:3]) < 1:
        return None
    return sides[1], sides[2]


def unchecked(served, requests):
    """Names of the signatures that no request is for."""
    asked = {request.signature for request in requests}
    return sorted(
        name for name in served.signatures if name not in asked and not name.startswith(INTERNAL)
    )


def encode(image, form):
    """uint8 [H, W, 3] -> bytes."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, form)
    return buffer.getvalue()
