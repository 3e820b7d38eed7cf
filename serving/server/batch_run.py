"""One run for several tasks: rows stacked, outputs cut apart, the guilty set apart on failure."""

import logging

import numpy as np
from grpc import StatusCode

from serving.server.batch_task import milliseconds_left, timed_out
from serving.server.errors import StatusError

logger = logging.getLogger(__name__)


def run_tasks(run, tasks, parameters):
    """Answers every task, by one run if that succeeds.

    If it fails, each task runs alone: whoever brought it down gets the error, the others get their
    rows. (TensorFlow Serving fails them all.)

    Args:
      run: callable({tensor name: ndarray}, timeout_ms) -> {tensor name: ndarray}.
      tasks: Tasks that can be stacked; those whose time is up are left out.
      parameters: BatchingParameters.
    """
    waiting = []
    for task in tasks:
        if task.is_late():
            task.fail(timed_out())
        else:
            waiting.append(task)
    if waiting:
        _answer(run, waiting, parameters)


def _answer(run, tasks, parameters):
    rows = sum(task.rows for task in tasks)
    timeout_ms = milliseconds_left(tasks)
    try:
        if timeout_ms is not None and timeout_ms <= 0:  # among those that run again alone
            raise timed_out()
        feeds = stacked([task.feeds for task in tasks], parameters.padded(rows) - rows)
        outputs = run(feeds, timeout_ms)
        check_rows(outputs.values(), parameters.padded(rows))
    except Exception as error:  # even a surprise is told to those who wait, and the thread lives on
        if len(tasks) > 1 and not _is_too_late(error):
            logger.info(
                "a run of %d merged requests failed, each runs alone: %s", len(tasks), error
            )
            for task in tasks:
                _answer(run, [task], parameters)
        else:
            for task in tasks:
                task.fail(error)
        return
    start = 0
    for task in tasks:
        stop = start + task.rows
        task.answer({name: value[start:stop] for name, value in outputs.items()})
        start = stop


def _is_too_late(error):
    return isinstance(error, StatusError) and error.code is StatusCode.DEADLINE_EXCEEDED


def stacked(parts, padding=0):
    """{name: rows of all parts and then `padding` copies of the first row}.

    Args:
      parts: list of {name: ndarray}; where dimensions behind the first differ, the smaller are
        filled up with their first value.
    """
    merged = {}
    for name, first in parts[0].items():
        values = [part[name] for part in parts]
        if any(value.shape[1:] != first.shape[1:] for value in values):
            largest = np.max([value.shape[1:] for value in values], axis=0)
            values = [_filled_up(value, largest) for value in values]
        if padding:
            row = values[0][:1]
            values.append(np.broadcast_to(row, (padding, *row.shape[1:])))
        merged[name] = values[0] if len(values) == 1 else np.concatenate(values)
    return merged


def _filled_up(value, shape):
    if not value.size:
        raise StatusError(StatusCode.INVALID_ARGUMENT, "an empty tensor cannot be padded")
    filled = np.empty((len(value), *shape), value.dtype)
    filled[...] = value.flat[0]
    filled[tuple(slice(size) for size in value.shape)] = value
    return filled


def check_rows(outputs, rows):
    """Raises FAILED_PRECONDITION for outputs that can't be cut apart."""
    for output in outputs:
        if output.ndim == 0:
            raise StatusError(
                StatusCode.FAILED_PRECONDITION, "Batched output tensor has 0 dimensions"
            )
        if len(output) != rows:
            raise StatusError(
                StatusCode.FAILED_PRECONDITION,
                "Batched output tensor's 0th dimension does not equal the sum of the 0th "
                "dimension sizes of the input tensors",
            )
