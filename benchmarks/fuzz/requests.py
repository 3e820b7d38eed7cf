"""Requests that are in order: what the mutations start from.

The models are those of `models.py`: `demo` with tensors of many kinds, and an export with its
encoded servable.
"""

import functools
import io

import numpy as np
from PIL import Image

from serving import contract
from serving.messages import (
    SIGNATURE_DEF,
    GetModelMetadataRequest,
    GetModelStatusRequest,
    PredictRequest,
)
from serving.tensors import to_proto

SIZE = (32, 16)  # of the exported model's images
FLOATS = (0.0, 1.0, -1.0, 0.5, 1e-30, 3.0e38, 7.25)


def matrix(rng, rows, columns=2):
    return np.array([[rng.choice(FLOATS) for _ in range(columns)] for _ in range(rows)], np.float32)


def images(rng, count):
    """uint8 noise; few distinct bytes are enough."""
    return np.frombuffer(rng.randbytes(count * SIZE[0] * SIZE[1] * 3), np.uint8).reshape(
        count, *SIZE, 3
    )


@functools.cache
def encoded_images():
    """Bytes of a picture in the formats that are served, and one that is not."""
    picture = Image.fromarray(np.arange(24 * 12 * 3, dtype=np.uint8).reshape(24, 12, 3))
    written = []
    for mode, name in (
        ("RGB", "JPEG"), ("RGB", "PNG"), ("L", "PNG"), ("P", "PNG"), ("RGBA", "PNG"), ("L", "JPEG"),
    ):  # fmt: skip
        buffer = io.BytesIO()
        picture.convert(mode).save(buffer, name)
        written.append(buffer.getvalue())
    return written


def texts(*values):
    array = np.empty(len(values), object)
    array[:] = values
    return array


def attack(rng, rows):
    return {
        "images": images(rng, rows),
        "epsilon": np.full(rows, rng.choice([0.0, 0.01, 0.02]), np.float32),
        "steps": np.full(rows, rng.randint(0, 3), np.int32),
        "seed": np.arange(rows, dtype=np.int64),
    }


PIXELS = np.array([[0, 255], [3, 4]], np.uint8)
# (model, signature, inputs of a request with that many rows)
PREDICTS = (
    ("demo", "", lambda r, n: {"x": matrix(r, n), "epsilon": np.float32(0.5)}),
    ("demo", "pair", lambda r, n: {"x": matrix(r, n), "z": matrix(r, n)}),
    ("demo", "summed", lambda r, n: {"x": matrix(r, n)}),
    ("demo", "strings", lambda r, n: {"text": texts(*[r.randbytes(r.randint(0, 9))] * n)}),
    ("demo", "pixels", lambda r, n: {"pixels": np.tile(PIXELS, (n, 1))}),
    ("demo", "half", lambda r, n: {"h": np.arange(n).astype(np.float16)}),
    (
        "demo",
        "kinds",
        lambda r, n: {
            "i32": np.arange(n, dtype=np.int32),
            "i64": np.full(n, r.choice([0, -1, 2**63 - 1]), np.int64),
            "flag": np.arange(n) % 2 == 0,
            "f64": matrix(r, n)[:, 0].astype(np.float64),
        },
    ),
    ("defaults", "", lambda r, n: {"x": matrix(r, n)}),
    ("reid", contract.EMBED, lambda r, n: {"images": images(r, n)}),
    ("reid", contract.attack_signature_name("sma"), attack),
    ("reid", contract.DESCRIBE, lambda r, n: {"request": texts(*[b""] * n)}),
    (
        "reid_encoded",
        contract.EMBED_ENCODED,
        lambda r, n: {"encoded": texts(*[r.choice(encoded_images())] * n)},
    ),
    (
        "reid_encoded",
        contract.DECODE,
        lambda r, n: {"encoded": texts(*[r.choice(encoded_images())] * n)},
    ),
)


def predict_values(rng):
    """(model, signature name, {input: array}) of a request in order."""
    model, signature, make = rng.choice(PREDICTS)
    return model, signature, make(rng, rng.choice([1, 1, 1, 2, 3]))


def predict(rng):
    """A PredictRequest in order."""
    model, signature, inputs = predict_values(rng)
    request = PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    for name, array in inputs.items():
        request.inputs[name].CopyFrom(to_proto(array))
    return request


def metadata(rng):
    request = GetModelMetadataRequest(metadata_field=[SIGNATURE_DEF])
    request.model_spec.name = rng.choice(["demo", "reid", "reid_encoded"])
    return request


def status(rng):
    request = GetModelStatusRequest()
    request.model_spec.name = rng.choice(["demo", "reid", "reid_encoded"])
    return request
