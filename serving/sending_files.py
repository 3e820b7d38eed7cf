"""Operations on files: the server's second servable decodes them."""

import numpy as np

from serving import contract
from serving.calls import Parts, predict
from serving.errors import BadRequest, ModelNotFound, RequestTooLarge
from serving.images import Files, as_batch
from serving.parts import Counter, by_bytes, in_parts


def decode(model, images, progress=None):
    """Operation: uint8 [N, H, W, 3] of the model's input size, as the server decodes files."""
    batch = as_batch(images)
    if not isinstance(batch, Files):
        return batch
    size, limits = (yield from model.part_size()), (yield from model.limits())
    counter = Counter(progress, len(batch))
    operations = (
        counter.after(pixels_of(model, batch[part], limits), part.stop - part.start)
        for part in in_parts(batch, size)
    )
    return np.concatenate((yield Parts(operations, model.max_in_flight)))


def pixels_of(model, batch, limits):
    """Operation: one part of a batch as pixels."""
    if not isinstance(batch, Files):
        return batch
    answer = yield from send_files(
        model, batch, contract.DECODE, contract.DECODE_SIGNATURE.outputs, limits
    )
    return answer["images"]


def send_files(model, batch, signature, outputs, limits):
    """Operation: predicts from files; finds the one at fault when the server refuses them."""
    encoded = batch.read(limits.get("encoded_bytes"))
    try:
        answers = []
        for part in by_bytes(encoded):
            given = {"encoded": encoded[part]}
            answers.append((yield from predict(model.encoded, signature, given, outputs)))
        return {name: np.concatenate([answer[name] for answer in answers]) for name in outputs}
    except ModelNotFound as error:
        raise ModelNotFound(f"{error}; files need it: serve it too, or send pixels") from error
    except RequestTooLarge:
        raise
    except BadRequest:
        for index, name in enumerate(batch.names):
            single = {"encoded": encoded[index : index + 1]}
            try:
                yield from predict(model.encoded, signature, single, outputs)
            except BadRequest as error:
                raise BadRequest(f"{name} cannot be decoded: {error.details}") from error
        raise
