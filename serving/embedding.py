"""Operations that turn images into embeddings."""

from collections.abc import Iterable

import numpy as np

from serving import contract, description
from serving.calls import Parts, predict
from serving.errors import BadRequest
from serving.images import FILE, Files, as_batch, check_size
from serving.parts import Counter, in_parts, streamed
from serving.sending_files import send_files

HELD = (*FILE, list, tuple, np.ndarray)  # what is in memory as a whole; any other iterable is not


def embed(model, images, progress=None):
    """Operation: float32 [N, D]."""
    return np.concatenate((yield (yield from embed_parts(model, images, progress))))


def embed_parts(model, images, progress=None):
    """Operation: the Parts that answer float32 [n, D] for at most a batch of images each."""
    streams = isinstance(images, Iterable) and not isinstance(images, HELD)
    batch = None if streams else as_batch(images)
    size, limits = (yield from model.part_size()), (yield from model.limits())
    if batch is None:
        total, batches = None, streamed(images, size)
    else:
        total, batches = len(batch), (batch[part] for part in in_parts(batch, size))
    counter = Counter(progress, total)
    operations = (counter.after(embed_part(model, part, limits), len(part)) for part in batches)
    return Parts(operations, model.max_in_flight)


def embed_part(model, batch, limits):
    """Operation: one request."""
    if isinstance(batch, Files):
        signature, outputs = contract.EMBED_ENCODED, contract.EMBED_ENCODED_SIGNATURE.outputs
        rows = (yield from send_files(model, batch, signature, outputs, limits))["embeddings"]
    else:
        name, image, embedding, outputs = yield from pixel_signature(model, batch)
        rows = (yield from predict(model.name, name, {image: batch}, outputs))[embedding]
    return rows.astype(np.float32, copy=False)


def pixel_signature(model, pixels):
    """Operation: (signature, input, output, {output: Tensor}) that fit these pixels.

    Ours, or the only one of a foreign model, whatever its tensors are called.
    """
    signatures = yield from model.signatures()
    name = contract.EMBED if contract.EMBED in signatures else contract.DEFAULT_SIGNATURE
    signature = signatures.get(name, {"inputs": {}, "outputs": {}})
    try:
        (image, wanted), (embedding, answered) = (
            only(signature[side], side, model.name) for side in ("inputs", "outputs")
        )
        if wanted["dtype"] != "uint8":
            raise BadRequest(
                f"model {model.name!r} takes {wanted['dtype']}, not uint8 pixels: export it with "
                "python -m export.export_model"
            )
    except BadRequest as error:
        if contract.DESCRIBE in signatures:
            told = yield from model.description()
            if not description.is_ours(told):
                raise description.other_contract(told, model.name) from error
        raise
    if wanted["shape"] is not None and len(wanted["shape"]) == pixels.ndim:
        check_size(pixels, wanted["shape"][1:3])
    return name, image, embedding, {embedding: contract.Tensor(answered["dtype"])}


def only(tensors, side, model):
    if len(tensors) != 1:
        raise BadRequest(
            f"model {model!r} has no signature that takes images and gives embeddings: "
            f"{len(tensors)} {side} where there should be one"
        )
    return next(iter(tensors.items()))
