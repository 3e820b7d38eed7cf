"""gRPC calls: messages in order, mutated ones, and bytes that are no message."""

import numpy as np

from benchmarks.fuzz import mutations, requests
from benchmarks.fuzz.case import Case
from benchmarks.fuzz.names import weird_name
from serving.messages import MODEL_SERVICE, PREDICTION_SERVICE, PredictRequest
from serving.tensors import to_proto

PREDICT = f"/{PREDICTION_SERVICE}/Predict"
METADATA = f"/{PREDICTION_SERVICE}/GetModelMetadata"
STATUS = f"/{MODEL_SERVICE}/GetModelStatus"
OURS = (PREDICT, METADATA, STATUS)
# Of TensorFlow Serving, not of the development server; and of nobody.
OTHERS = (
    *(f"/{PREDICTION_SERVICE}/{name}" for name in ("Classify", "Regress", "MultiInference")),
    f"/{MODEL_SERVICE}/HandleReloadConfigRequest",
    "/tensorflow.serving.PredictionService/predict",
    "/grpc.health.v1.Health/Check",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/a/b",
    "/",
    "//",
    "/" + "x" * 3000,
)
SHORT = (0.001, 0.01, 0.1)


def case(kind, what, target, message, codes, **settings):
    payload = message if isinstance(message, bytes) else message.SerializeToString()
    return Case(kind, tuple(what), "grpc", target, payload, frozenset({"OK", *codes}), **settings)


def mutate(rng, message, table):
    """Changes the message in place; returns (names, codes) of what was done to it."""
    chosen = rng.sample(list(table), rng.choice([0, 1, 1, 1, 1, 2, 2, 3]))
    for mutation in chosen:
        mutation(message, rng)
    codes = set().union(*(table[mutation] for mutation in chosen))
    return [mutation.__name__ for mutation in chosen], codes


def predict(rng):
    request = requests.predict(rng)
    what, codes = mutate(rng, request, mutations.PREDICT)
    return case("predict", what, PREDICT, request, codes)


def fails(rng):
    """An op of the graph refuses values of 10 and more, in 2,000 letters."""
    request = PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "demo", "fails"
    request.inputs["x"].CopyFrom(to_proto(np.full((1, 2), rng.choice([1, 11]), np.float32)))
    return case("predict", ["fails"], PREDICT, request, {"INVALID_ARGUMENT"})


def metadata(rng):
    request = requests.metadata(rng)
    what, codes = mutate(rng, request, mutations.SPEC)
    if rng.random() < 0.3:
        what.append("metadata_field")
        request.metadata_field[:] = [
            rng.choice(["signature_def", weird_name(rng)]) for _ in range(rng.randint(0, 3))
        ]
        codes = codes | {"INVALID_ARGUMENT"}
    return case("metadata", what, METADATA, request, codes)


def status(rng):
    request = requests.status(rng)
    what, codes = mutate(rng, request, mutations.STATUS)
    return case("status", what, STATUS, request, codes)


def impatient(rng):
    """A run that the deadline, or the client, ends; the graph takes a millisecond a step."""
    request = PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "demo", "slow"
    steps = rng.choice([1, 10, 100, 2**31 - 1])
    request.inputs["steps"].dtype = 3
    request.inputs["steps"].int_val.append(steps)
    request.inputs["steps"].tensor_shape.dim.add(size=1)
    cancel = rng.random() < 0.3
    return case(
        "impatient", ["cancel" if cancel else "deadline", str(steps)], PREDICT, request,
        {"DEADLINE_EXCEEDED", "CANCELLED"}, timeout=rng.choice(SHORT), cancel=cancel,
    )  # fmt: skip


def frame(rng):
    """Bytes of a message with some of them changed, or random ones, to any method.

    What cannot be parsed is INTERNAL in gRPC itself, in Python and in C++ alike; whatever can is
    answered as any other request.
    """
    target = rng.choice(OURS + OURS + OTHERS)
    if rng.random() < 0.2:
        content, what = rng.randbytes(rng.choice([0, 1, 7, 60, 3000])), "random"
    else:
        make = rng.choice([requests.predict, requests.metadata, requests.status])
        content, what = damaged(make(rng).SerializeToString(), rng)
    codes = {"INTERNAL", "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION"}
    if target in OTHERS:
        # Reloading by request is off unless the owner of a server asks for it.
        codes = {"UNIMPLEMENTED", "INTERNAL", "PERMISSION_DENIED"}
    return case("frame", [what], target, content, codes)


def damaged(content, rng):
    """(bytes, what was done): flipped bits, a cut, a splice, or a length that lies."""
    mutable = bytearray(content)
    action = rng.choice(["flip", "flip", "cut", "splice", "repeat", "length"])
    if action == "flip":
        for _ in range(rng.randint(1, 6)):
            # The head of a message holds its structure, the rest is mostly pixels.
            position = rng.randrange(min(len(mutable), rng.choice([40, 120, len(mutable)])))
            mutable[position] ^= 1 << rng.randrange(8)
    elif action == "cut":
        del mutable[rng.randrange(len(mutable)) :]
    elif action == "splice":
        position = rng.randrange(len(mutable))
        mutable[position:position] = rng.randbytes(rng.randint(1, 20))
    elif action == "repeat":
        mutable += mutable[: rng.randrange(1, len(mutable) + 1)]
    else:
        mutable[1 : rng.choice([2, 3])] = b"\xff\xff\xff\xff\x07"
    return bytes(mutable), action
