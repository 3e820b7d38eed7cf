"""Requests that a server merges for certain, and what each of them answers alone."""

import concurrent.futures
import contextlib

import numpy as np

from serving.server.batching_config import BatchingParameters
from serving.server.embedded import EmbeddedServer
from serving.server.loader import LoadedModel
from serving.server.options import Limits, Loading
from tests.serving.server.clients import GrpcClient

HOUR = 3600 * 10**6  # microseconds: only a full batch starts


@contextlib.contextmanager
def merging_client(version, rows):
    """Yields a client of a server that runs nothing but batches of `rows` rows."""
    batching = BatchingParameters(max_batch_size=rows, batch_timeout_micros=HOUR)
    models = {"reid": version.parent}
    settings = {"limits": Limits(grpc_max_threads=32), "loading": Loading(batching=batching)}
    with EmbeddedServer(models, rest_port=None, poll_seconds=0, **settings) as server:
        with GrpcClient(server.grpc_address) as client:
            yield client


def ask_merged(client, monkeypatch, signature, given):
    """Each row of `given` as a request of its own, all at once: the answers, put together."""
    rows, sizes, run = len(given["images"]), [], LoadedModel.run

    def counted(self, feeds, fetches, **settings):
        sizes.extend({len(value) for value in feeds.values()})
        return run(self, feeds, fetches, **settings)

    monkeypatch.setattr(LoadedModel, "run", counted)
    requests = [{name: value[i : i + 1] for name, value in given.items()} for i in range(rows)]
    with concurrent.futures.ThreadPoolExecutor(rows) as callers:
        answers = list(
            callers.map(
                lambda inputs: client.outputs("reid", inputs, signature=signature, timeout=300),
                requests,
            )
        )
    assert sizes == [rows], "they were not merged"
    return {name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]}


def assert_same_attack(found, wanted):
    """At least 97 % of each row's pixels, and its displacement within 2 %."""
    assert found.keys() == wanted.keys()
    for row, (ours, theirs) in enumerate(
        zip(found["adversarial"], wanted["adversarial"], strict=True)
    ):
        assert np.mean(ours == theirs) >= 0.97, f"row {row}"
    np.testing.assert_allclose(found["displacement"], wanted["displacement"], rtol=0.02, atol=1e-6)
    for name in found.keys() & {"epsilon_used", "steps_used", "valid"}:
        np.testing.assert_array_equal(found[name], wanted[name])
