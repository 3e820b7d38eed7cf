"""Requests that are refused, given up or left alone; functions as in asking.py."""

import socket
import struct
import time

import grpc
import numpy as np

from benchmarks.soak.answers import IMAGES, inputs_of
from benchmarks.soak.asking import attacked_by, rows_of
from benchmarks.soak.lane import ENCODED, MODEL, predict_request
from serving import contract

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close at once, with a reset


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
