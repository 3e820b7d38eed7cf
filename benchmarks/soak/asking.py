"""Requests that have an answer, and how it is compared.

Each is a function (lane, rng, record): it asks, and writes into the record what came back. rng is a
numpy Generator.
"""

import numpy as np

from benchmarks.soak.answers import IMAGES, inputs_of
from benchmarks.soak.lane import ENCODED, MODEL, predict_request
from serving import contract


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
