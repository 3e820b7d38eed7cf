"""Dynamic batching: concurrent runs of one signature become one run of the model.

As TensorFlow Serving's batching session, apart from what docs/decisions/0015-batching.md lists.
"""

import functools
import logging
import os
import threading
import time

import numpy as np

from serving.errors import ServingError
from serving.server import batching_config
from serving.server.batch_queue import BatchQueue
from serving.server.batch_run import run_tasks
from serving.server.batch_scheduler import BatchScheduler
from serving.server.batch_task import Task, batch_size
from serving.server.errors import invalid_argument

logger = logging.getLogger(__name__)


class Batching:
    """What a server does with the models that it loads.

    Args:
      parameters: BatchingParameters for all models; None: no batching.
      per_model: batch only models with a batching_params.pbtxt in their version directory, by its
        parameters; the threads are still those of `parameters`.
    """

    def __init__(self, parameters, *, per_model=False):
        self._parameters = parameters
        self._per_model = per_model
        self._lock = threading.Lock()
        self._scheduler = None

    def wrap(self, model, path):
        """The model of version directory `path`, batched if it is to be.

        Raises StatusError (INVALID_ARGUMENT) for a bad file.
        """
        parameters = self._parameters
        if parameters is not None and self._per_model:
            parameters = _own_parameters(path)
        if parameters is None:
            return model
        logger.info("batching %s with %s", path, parameters)
        with self._lock:
            if self._scheduler is None:
                self._scheduler = BatchScheduler(
                    self._parameters.threads, self._parameters.thread_pool_name
                )
        return BatchedModel(model, parameters, self._scheduler)

    def stop(self):
        """Answers what is queued and ends the threads."""
        with self._lock:
            if self._scheduler is not None:
                self._scheduler.stop()


def _own_parameters(path):
    file = os.path.join(path, batching_config.FILE)
    if not os.path.exists(file):
        return None
    try:
        return batching_config.read_batching_parameters(file)
    except ServingError as error:
        raise invalid_argument(str(error)) from error


class BatchedModel:
    """A model whose runs are merged: the same `signatures`, `run` and `close`.

    Args:
      model: LoadedModel.
      parameters: BatchingParameters.
      scheduler: BatchScheduler.
    """

    def __init__(self, model, parameters, scheduler):
        self.signatures = model.signatures
        self._model = model
        self._parameters = parameters
        self._scheduler = scheduler
        self._queues = {}
        for signature in model.signatures.values():
            key = _key(
                (info.name for info in signature.inputs.values()),
                (info.name for info in signature.outputs.values()),
            )
            if key not in self._queues:
                run = functools.partial(self._run, sorted(key[1]))
                self._queues[key] = BatchQueue(
                    parameters,
                    functools.partial(run_tasks, run, parameters=parameters),
                )

    def run(self, feeds, fetches, *, timeout_ms=None):
        """As LoadedModel.run, in company where there is any.

        Every feed needs the same number of rows, and so does every fetch. Raises StatusError:
        INVALID_ARGUMENT and FAILED_PRECONDITION where they have not, UNAVAILABLE when too many
        wait, DEADLINE_EXCEEDED after `timeout_ms`.
        """
        queue = self._queues.get(_key(feeds, fetches))
        if queue is None:  # part of a signature's outputs: as in TensorFlow Serving, not batched
            return self._model.run(feeds, fetches, timeout_ms=timeout_ms)
        rows, limit = batch_size(feeds), self._parameters.max_batch_size
        if rows == 0:  # has no row to pad with; the real server crashes or hangs
            return self._model.run(feeds, fetches, timeout_ms=timeout_ms)
        if rows > limit:
            raise invalid_argument(
                f"Task size {rows} is larger than maximum input batch size {limit}"
            )
        deadline = None if timeout_ms is None else time.monotonic() + timeout_ms / 1000
        pieces = self._scheduler.submit(queue, Task(feeds, rows, deadline))
        parts = [piece.wait() for piece in pieces]
        if len(parts) == 1:
            return [parts[0][name] for name in fetches]
        return [np.concatenate([part[name] for part in parts]) for name in fetches]

    def _run(self, names, feeds, timeout_ms):
        values = self._model.run(feeds, names, timeout_ms=timeout_ms)
        return dict(zip(names, values, strict=True))

    def close(self):
        """Frees the model. A run whose callers gave up may be under way: it ends first."""
        self._scheduler.drain(self._queues.values())
        self._model.close()


def _key(feeds, fetches):
    return frozenset(feeds), frozenset(fetches)
