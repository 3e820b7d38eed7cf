"""A request whose answer is known: whether the server still is what it was."""

import numpy as np

from benchmarks.fuzz import requests
from serving.calls import Predict
from serving.client import ReIDClient
from serving.connection import parse
from serving.grpc_transport import GrpcTransport
from serving.rest_transport import RestTransport

TIMEOUT = 30.0
GIVEN = {"x": np.array([[1.0, 2.0]], np.float32), "epsilon": np.float32(0.5)}
ASKED = Predict("demo", "serving_default", GIVEN, {"y": "float32"})
WANTED = np.array([[2.5, 6.5]], np.float32)  # x [[2, 0], [0, 3]] + epsilon


class KnownAnswers:
    """Asks over gRPC and REST; `wrong` says what is not as it should be."""

    def __init__(self, grpc_address, rest_address):
        self._transports = [
            GrpcTransport(parse(grpc_address, timeout=TIMEOUT)),
            RestTransport(parse(rest_address, timeout=TIMEOUT)),
        ]
        self._client = ReIDClient(grpc_address, "reid", timeout=TIMEOUT)
        rng = np.random.default_rng(0)
        self._pixels = rng.integers(0, 256, (2, *requests.SIZE, 3), dtype=np.uint8)
        self._embeddings = self._client.embed(self._pixels)

    def wrong(self):
        """Sentences; an empty list where every answer is as before. Raises ServingError."""
        found = []
        for transport in self._transports:
            answer = transport.call(ASKED)["y"]
            if not np.array_equal(answer, WANTED):
                found.append(f"{type(transport).__name__} was answered {answer.tolist()}")
        if not np.array_equal(self._client.embed(self._pixels), self._embeddings):
            found.append("the embeddings of two images changed")
        return found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._client.close()
        for transport in self._transports:
            transport.close()
