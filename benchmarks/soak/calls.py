"""The kinds of requests that the load is made of.

Each is a function (lane, rng, record): it asks, and writes into the record what came back. rng is a
numpy Generator.
"""

import socket
import struct
import time

import grpc
import numpy as np

from benchmarks.soak.answers import IMAGES, inputs_of
from benchmarks.soak.lane import ENCODED, MODEL, predict_request
from serving import contract

OK = frozenset({"OK"})
REFUSED = frozenset({"INVALID_ARGUMENT"})
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close at once, with a reset


def rows_of(rng, most):
    return rng.integers(0, IMAGES, rng.integers(1, most + 1))


def embed(lane, rng, record, most=1):
    rows = rows_of(rng, most)
    request = predict_request(MODEL, contract.EMBED, {"images": lane.given["images"][rows]})
    outputs = lane.ask(record, request)
    if outputs:
        record.weights = lane.answers.embedded_by("embed", rows, outputs["embeddings"])


def embed_batch(lane, rng, record):
    embed(lane, rng, record, most=8)


def files(lane, rng, record):
    rows = rows_of(rng, 3)
    request = predict_request(
        ENCODED, contract.EMBED_ENCODED, {"encoded": lane.given["encoded"][rows]}
    )
    outputs = lane.ask(record, request)
    if outputs:
        record.weights = lane.answers.embedded_by("files", rows, outputs["embeddings"])


def by_client(transport, kind):
    """embed() of the library's client: pixels or files, over gRPC or REST."""

    def call(lane, rng, record):
        rows = rows_of(rng, 2)
        given = lane.given["images"][rows] if kind == "embed" else list(lane.given["encoded"][rows])
        embeddings = lane.clients[transport].embed(given)
        record.status, record.weights = "OK", lane.answers.embedded_by(kind, rows, embeddings)

    return call


def attack_of(name, most=3):
    """The attack over raw gRPC: each row has an epsilon, steps, seed and guides of its own."""

    def call(lane, rng, record):
        rows = rows_of(rng, most)
        signature = contract.attack_signature_name(name)
        outputs = lane.ask(
            record, predict_request(MODEL, signature, inputs_of(name, lane.given, rows))
        )
        if outputs:
            record.weights = attacked_by(lane.answers, name, rows, outputs)

    return call


def attacked_by(answers, name, rows, outputs):
    if not outputs["valid"].all():
        return []
    return answers.attacked_by(name, rows, outputs["adversarial"])


def rest_attack(lane, rng, record):
    rows = rows_of(rng, 1)
    given = lane.given
    found = lane.clients["rest"].attack_details(
        given["images"][rows],
        "sma",
        epsilon_255=np.round(given["epsilon"][rows] * 255),
        steps=given["steps"][rows],
        seed=given["seed"][rows],
    )
    record.status = "OK"
    record.weights = attacked_by(lane.answers, "sma", rows, vars(found))


def not_a_number(lane, rng, record):
    """One row without an epsilon: it comes back as it was, and the others are attacked."""
    rows = np.concatenate([rows_of(rng, 2), rows_of(rng, 1)])
    inputs = inputs_of("sma", lane.given, rows)
    inputs["epsilon"] = np.where(np.arange(len(rows)) == 0, np.nan, inputs["epsilon"])
    outputs = lane.ask(record, predict_request(MODEL, "attack_sma", inputs))
    if outputs:
        adversarial, valid = outputs["adversarial"], outputs["valid"]
        unharmed = np.array_equal(adversarial[0], inputs["images"][0]) and valid[0] == 0
        others = lane.answers.attacked_by("sma", rows[1:], adversarial[1:])
        record.weights = others if unharmed and valid[1:].all() else []


def bad_dtype(lane, rng, record):
    pixels = lane.given["images"][rows_of(rng, 2)].astype(np.float32)
    lane.ask(record, predict_request(MODEL, contract.EMBED, {"images": pixels}))


def bad_image(lane, rng, record):
    """A file that is cut in the middle."""
    broken = np.array([lane.given["encoded"][0][: rng.integers(1, 200)]], object)
    lane.ask(record, predict_request(ENCODED, contract.EMBED_ENCODED, {"encoded": broken}))


def bad_model(lane, rng, record):
    lane.ask(record, predict_request("nobody", contract.EMBED, {}))


def bad_version(lane, rng, record):
    request = predict_request(MODEL, contract.EMBED, {"images": lane.given["images"][:1]})
    request.model_spec.version.value = 999
    lane.ask(record, request)


def bad_signature(lane, rng, record):
    lane.ask(record, predict_request(MODEL, "attack_nothing", {}))


def deadline(lane, rng, record):
    """An attack that is given a few milliseconds."""
    rows = rng.integers(0, IMAGES, 8)
    request = predict_request(MODEL, "attack_sma", inputs_of("sma", lane.given, rows))
    outputs = lane.ask(record, request, timeout=rng.uniform(0.001, 0.03))
    if outputs:
        record.weights = attacked_by(lane.answers, "sma", rows, outputs)


def cancelled(lane, rng, record):
    request = predict_request(MODEL, "attack_sma", inputs_of("sma", lane.given, rows_of(rng, 3)))
    call = lane.start(request)
    call.cancel()
    lane.finish(record, call)


def grpc_disconnect(lane, rng, record):
    """A client that goes away with its call under way."""
    channel = grpc.insecure_channel(
        lane.addresses["grpc"], options=[("grpc.use_local_subchannel_pool", 1)]
    )
    rows = rows_of(rng, 3)
    call = lane.stub(channel).future(
        predict_request(MODEL, "attack_sma", inputs_of("sma", lane.given, rows)), timeout=30.0
    )
    time.sleep(rng.uniform(0, 0.02))  # some are under way by then, some not yet
    channel.close()
    lane.finish(record, call)


def rest_disconnect(lane, rng, record):
    """A client that resets the connection in the middle of its request."""
    host, _, port = lane.addresses["rest"].removeprefix("http://").rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=10.0) as connection:
            connection.sendall(
                b"POST /v1/models/reid:predict HTTP/1.1\r\nContent-Length: 100000\r\n\r\n{"
            )
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        record.status = "GONE"
    except OSError as error:
        record.status, record.details = "REFUSED", str(error)


# kind: (call, model, share of a thousand, statuses)
CALLS = {
    "embed": (embed, MODEL, 220, OK),
    "embed batch": (embed_batch, MODEL, 130, OK),
    "files": (files, ENCODED, 80, OK),
    "client embed": (by_client("grpc", "embed"), MODEL, 60, OK),
    "client files": (by_client("grpc", "files"), ENCODED, 40, OK),
    "REST embed": (by_client("rest", "embed"), MODEL, 50, OK),
    "REST files": (by_client("rest", "files"), ENCODED, 40, OK),
    "REST attack": (rest_attack, MODEL, 10, OK),
    "attack sma": (attack_of("sma"), MODEL, 80, OK),
    "attack fna": (attack_of("fna"), MODEL, 60, OK),
    "NaN in a row": (not_a_number, MODEL, 30, OK),
    "bad dtype": (bad_dtype, MODEL, 30, REFUSED),
    "bad image": (bad_image, ENCODED, 30, REFUSED),
    "bad model": (bad_model, MODEL, 20, frozenset({"NOT_FOUND"})),
    "bad version": (bad_version, MODEL, 20, frozenset({"NOT_FOUND"})),
    "bad signature": (bad_signature, MODEL, 20, frozenset({"FAILED_PRECONDITION"})),
    "deadline": (deadline, MODEL, 20, frozenset({"OK", "DEADLINE_EXCEEDED"})),
    "cancelled": (cancelled, MODEL, 20, frozenset({"OK", "CANCELLED"})),
    "gRPC disconnect": (grpc_disconnect, MODEL, 20, frozenset({"OK", "CANCELLED"})),
    "REST disconnect": (rest_disconnect, MODEL, 20, frozenset({"GONE"})),
}
