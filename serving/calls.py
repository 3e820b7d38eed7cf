"""What a client's operations ask for: calls to a server, pauses, and parts side by side.

An operation is a generator. It yields one of the classes here, is sent the answer (or has the
ServingError thrown into it), and returns its own answer in the end. It does no input or output, so
that one operation serves the blocking client and the asyncio one.
"""

import dataclasses
from collections.abc import Iterable

from serving.errors import BadRequest, RequestTooLarge, ServerFailure

MAX_REQUEST_BYTES = 2**31 - 2**20  # no protobuf message reaches 2 GiB
AHEAD = 2  # parts begun and not yet handed over in order, as a multiple of Parts.limit


@dataclasses.dataclass(frozen=True, eq=False)
class Predict:
    """Answered with {output name: array}.

    inputs: {name: array}, strings as an object array of bytes.
    outputs: {name: NumPy dtype name} of those wanted.
    timeout: seconds, where fewer than the client's.
    """

    model: str
    signature: str
    inputs: dict
    outputs: dict
    timeout: float | None = None


@dataclasses.dataclass(frozen=True)
class Metadata:
    """Answered with a SignatureDefMap."""

    model: str
    timeout: float | None = None


@dataclasses.dataclass(frozen=True)
class Status:
    """Answered with a GetModelStatusResponse."""

    model: str
    timeout: float | None = None


@dataclasses.dataclass(frozen=True)
class Pause:
    """Answered with None, `seconds` later."""

    seconds: float


@dataclasses.dataclass(frozen=True, eq=False)
class Parts:
    """Answered with the list of what the operations return, in their order.

    operations: taken as they are needed; each asks for calls only.
    limit: most of them under way at the same time. The first failure ends them all.
    """

    operations: Iterable
    limit: int


def advance(operation, outcome):
    """Resumes an operation with an answer or an exception; returns what it asks for next."""
    if isinstance(outcome, BaseException):
        return operation.throw(outcome)
    return operation.send(outcome)


def check_open(closed):
    if closed:
        raise BadRequest("this client is closed: make a new one")


def predict(model, signature, given, outputs):
    """Operation: one Predict, checked on both sides; each output has a row for each row given.

    Args:
      given: {name: array [N, ...]}.
      outputs: {name: serving.contract.Tensor}.
    """
    count = len(next(iter(given.values())))
    size = sum(
        sum(map(len, array)) if array.dtype == object else array.nbytes for array in given.values()
    )
    if size > MAX_REQUEST_BYTES:
        raise RequestTooLarge(
            f"{count} images make a request of {size / 2**20:.0f} MiB, above the limit of "
            f"{MAX_REQUEST_BYTES / 2**20:.0f} MiB: lower batch_size"
        )
    dtypes = {name: tensor.dtype for name, tensor in outputs.items()}
    answer = yield Predict(model, signature, given, dtypes)
    for name, array in answer.items():
        if array.shape[:1] != (count,):
            raise ServerFailure(
                f"model {model!r} answered {name!r} with the shape {list(array.shape)} for "
                f"{count} images"
            )
    return answer
