"""Runs that meet: merged, cut apart, refused, called off, and never mixed up."""

import concurrent.futures
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.server.batching_config import BatchingParameters
from serving.server.errors import StatusError
from tests.serving.server.fake_models import bench

HOUR = 3600 * 10**6  # microseconds: nothing starts by time
WAIT = 30


def one_thread(**parameters):
    """What waits while the one thread is busy is merged when it is free."""
    return bench(BatchingParameters(num_batch_threads=1, **parameters))


def doubled(future):
    (values,) = future.result(WAIT)
    return values.tolist()


def failure(future):
    with pytest.raises(StatusError) as caught:
        future.result(WAIT)
    return caught.value.code.name, caught.value.message


def test_what_waits_together_runs_together():
    with one_thread(max_batch_size=8) as b:
        first = b.occupy()
        others = [b.start(1), b.start(2, 3), b.start(4)]
        b.release()
        assert [doubled(future) for future in (first, *others)] == [[0], [2], [4, 6], [8]]
        assert b.model.sizes == [1, 4]


def test_a_lone_request_does_not_wait():
    with one_thread() as b:
        assert b.ask(1)[0].tolist() == [2]


def test_a_full_batch_does_not_wait_for_its_time():
    with one_thread(max_batch_size=3, batch_timeout_micros=HOUR) as b:
        waiting = [b.start(1), b.start(2, 3)]
        assert [doubled(future) for future in waiting] == [[2], [4, 6]]
        # One that does not fit any more starts the batch, too, and begins another.
        waiting = [b.start(1, 2), b.start(3, 4), b.start(5)]
        assert [doubled(future) for future in waiting] == [[2, 4], [6, 8], [10]]
        assert b.model.sizes == [3, 2, 3]


def test_a_batch_that_is_not_full_starts_in_time():
    with one_thread(batch_timeout_micros=50_000) as b:
        assert doubled(b.start(1)) == [2]


def test_signatures_and_shapes_do_not_mix():
    with one_thread() as b:
        b.occupy()
        single, pair = b.start([1]), b.start([1, 2])
        added = b.start([1], signature="add", z=np.float32([[5]]))
        again = b.start([7])
        b.release()
        assert (doubled(single), doubled(pair), doubled(again)) == ([[2]], [[2, 4]], [[14]])
        assert doubled(added) == [[6]]
        assert sorted(b.model.sizes) == [1, 1, 1, 2]


def test_a_variable_length_is_padded_with_the_first_value():
    with one_thread(pad_variable_length_inputs=True) as b:
        b.occupy()
        short, long = b.start([[7]]), b.start([[1, 2], [3, 4]])
        none = b.start(np.zeros([0, 2], np.float32))
        b.release()
        assert doubled(long) == [[[2, 4], [6, 8]]]
        # The empty one cannot be padded, so that all three ran alone in the end.
        assert doubled(short) == [[[14]]] and none.result(WAIT)[0].shape == (1, 0, 2)
        b.occupy()
        short, long = b.start([[7]]), b.start([[1, 2], [3, 4]])
        b.release()
        assert doubled(short) == [[[14, 14], [14, 14]]] and doubled(long) == [[[2, 4], [6, 8]]]


def test_runs_are_padded_to_allowed_sizes_with_copies_of_a_row():
    with one_thread(max_batch_size=8, allowed_batch_sizes=(4, 8)) as b:
        b.occupy()
        three, two = b.start(1, 2, 3), b.start(4, 5)
        b.release()
        assert (doubled(three), doubled(two)) == ([2, 4, 6], [8, 10])
        assert b.model.sizes == [4, 8]
        assert b.model.runs[1][0]["x:0"].tolist() == [1, 2, 3, 4, 5, 1, 1, 1]


def test_strings_are_merged_and_padded_too():
    with one_thread(max_batch_size=4, allowed_batch_sizes=(4,)) as b:
        feeds = {"x:0": np.array([b"a\0", b"b"], object)}
        (answer,) = b.batched.run(feeds, ["y:0"])
        assert answer.tolist() == [b"a\0a\0", b"bb"]


def test_a_large_request_is_spread_over_runs():
    with one_thread(
        max_batch_size=12, enable_large_batch_splitting=True, max_execution_batch_size=4
    ) as b:
        b.occupy()
        small, large = b.start(1, 2), b.start(*range(10))
        b.release()
        assert doubled(small) == [2, 4]
        assert doubled(large) == [2 * row for row in range(10)]
        assert b.model.sizes == [1, 4, 4, 4]
        with pytest.raises(StatusError, match="Task size 13 is larger .* batch size 12"):
            b.ask(*range(13))


def test_a_large_request_needs_room_for_all_of_it():
    with one_thread(
        max_batch_size=12,
        enable_large_batch_splitting=True,
        max_execution_batch_size=4,
        max_enqueued_batches=2,
    ) as b:
        b.occupy()
        with pytest.raises(StatusError, match="currently 0 batches enqueued"):
            b.ask(*range(9))
        waiting = b.start(*range(8))
        b.release()
        assert len(doubled(waiting)) == 8


def test_a_full_queue_refuses_and_keeps_what_it_has():
    with one_thread(max_batch_size=2, max_enqueued_batches=2) as b:
        b.occupy()
        kept = [b.start(1), b.start(2), b.start(3)]
        with pytest.raises(StatusError) as caught:
            b.ask(4, 5)
        assert caught.value.code.name == "UNAVAILABLE"
        assert caught.value.message == (
            "The batch scheduling queue to which this task was submitted is full; currently 2 "
            "batches enqueued and max_enqueued_batches is 2"
        )
        kept += [b.start(6), b.start(7, signature="add", z=np.float32([1]))]  # room in both queues
        b.release()
        assert [doubled(future) for future in kept] == [[2], [4], [6], [12], [8]]


def test_only_the_guilty_gets_the_error():
    with one_thread() as b:
        b.occupy()
        good, bad, worse, also_good = b.start(1), b.start(2, -1), b.start(np.inf), b.start(3)
        b.release()
        assert failure(bad) == ("INVALID_ARGUMENT", "a row is negative")
        with pytest.raises(RuntimeError, match="a surprise"):
            worse.result(WAIT)
        assert (doubled(good), doubled(also_good)) == ([2], [6])
        assert b.model.sizes == [1, 5, 1, 2, 1, 1]
        assert b.ask(4)[0].tolist() == [8]  # the thread lives on


@pytest.mark.parametrize(
    ("signature", "values", "code", "message"),
    [
        ("double", {"x": np.float32(1)}, "INVALID_ARGUMENT", "must have at least one dimension"),
        (
            "add",
            {"x": np.zeros(2), "z": np.zeros(3)},
            "INVALID_ARGUMENT",
            "must have equal 0th-dimension size",
        ),
        ("double", {"x": np.zeros(17)}, "INVALID_ARGUMENT", "Task size 17 is larger than maximum"),
        ("summed", {"x": np.zeros(2)}, "FAILED_PRECONDITION", "tensor has 0 dimensions"),
        ("part", {"x": np.zeros(2)}, "FAILED_PRECONDITION", "does not equal the sum"),
    ],
)
def test_what_cannot_be_batched(signature, values, code, message):
    with one_thread(max_batch_size=16) as b, pytest.raises(StatusError, match=message) as caught:
        b.ask(signature=signature, **values)
    assert caught.value.code.name == code


def test_no_rows_and_part_of_the_outputs_run_alone():
    with one_thread(batch_timeout_micros=HOUR, allowed_batch_sizes=(1000,)) as b:
        assert b.ask()[0].shape == (0,)
        (total,) = b.batched.run({"x:0": np.ones(3)}, ["total:0"])
        assert total == 3 and b.model.sizes == [0, 3]


def test_a_task_whose_time_is_up_is_left_out():
    with one_thread() as b:
        b.occupy()
        late, early = b.start(1, timeout_ms=20), b.start(2)
        assert failure(late) == (
            "DEADLINE_EXCEEDED",
            "Run() timeout exceeded while waiting in batching queue",
        )
        b.release()
        assert doubled(early) == [4]
        assert b.model.sizes == [1, 1]


def test_the_last_deadline_bounds_the_run():
    with one_thread() as b:
        b.occupy()
        pair = [b.start(1, timeout_ms=90_000), b.start(2, timeout_ms=60_000)]
        forever = [b.start([3]), b.start([4], timeout_ms=60_000)]
        b.release()
        concurrent.futures.wait([*pair, *forever], WAIT)
        limits = {feeds["x:0"].ndim: limit for feeds, limit in b.model.runs[1:]}
        assert 60_000 < limits[1] <= 90_000 and limits[2] is None


def test_who_goes_during_the_run_takes_nobody_along_and_the_model_stays():
    with one_thread(batch_timeout_micros=HOUR, max_batch_size=2) as b:
        b.model.gate.clear()
        patient, hasty = b.start(1), b.start(2, timeout_ms=500)
        assert b.model.began.acquire(timeout=WAIT)
        assert failure(hasty)[0] == "DEADLINE_EXCEEDED"
        closing = threading.Thread(target=b.batched.close)
        closing.start()
        closing.join(0.1)
        assert closing.is_alive() and not b.model.closed  # the run is still under way
        b.release()
        closing.join(WAIT)
        assert b.model.closed and doubled(patient) == [2]


def test_stop_answers_what_is_queued_and_takes_no_more():
    with one_thread(batch_timeout_micros=HOUR) as b:
        waiting = [b.start(1), b.start([2])]
        b.scheduler.stop()
        assert [doubled(future) for future in waiting] == [[2], [[4]]]
        with pytest.raises(StatusError, match="shutting down") as caught:
            b.ask(3)
        assert caught.value.code.name == "UNAVAILABLE"


def test_threads_run_side_by_side():
    with bench(BatchingParameters(num_batch_threads=2)) as b:
        first = b.occupy()
        second = b.start(1)
        assert b.model.began.acquire(timeout=WAIT)  # while the first is still under way
        b.release()
        assert (doubled(first), doubled(second)) == ([0], [2])


@st.composite
def parameters(draw):
    size = draw(st.integers(4, 9))
    allowed = (*sorted(draw(st.sets(st.integers(1, size - 1), max_size=3))), size)
    return BatchingParameters(
        max_batch_size=size,
        batch_timeout_micros=draw(st.sampled_from([0, 500])),
        max_enqueued_batches=100,
        num_batch_threads=draw(st.integers(1, 3)),
        allowed_batch_sizes=draw(st.sampled_from([(), allowed])),
        enable_large_batch_splitting=draw(st.booleans()),
        max_execution_batch_size=draw(st.integers(1, size)),
    )


@settings(max_examples=40, deadline=None)
@given(parameters(), st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=24))
def test_every_caller_gets_exactly_its_rows(parameters, requests):
    numbers = iter(range(1, 10_000))
    with bench(parameters) as b, concurrent.futures.ThreadPoolExecutor(8) as callers:
        asked = []
        for count, bad in requests:
            rows = [next(numbers) for _ in range(count)]
            sent = [-row for row in rows] if bad else rows
            asked.append((rows, bad, callers.submit(b.ask, *sent)))
        for rows, bad, future in asked:
            if len(rows) > parameters.max_batch_size:
                assert "larger than maximum" in failure(future)[1]
            elif bad and rows:
                assert failure(future)[1] == "a row is negative"
            else:
                assert doubled(future) == [2 * row for row in rows]
        allowed = parameters.allowed_batch_sizes
        merged = [size for size in b.model.sizes if size]
        assert all(size <= parameters.max_batch_size for size in merged)
        assert not allowed or set(merged) <= set(allowed)
