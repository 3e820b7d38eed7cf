"""BatchingParameters as TensorFlow Serving reads and refuses them."""

import pytest

from serving.errors import ServingError
from serving.server.batching_config import (
    BatchingParameters,
    batching_of_flags,
    parse_batching_parameters,
    read_batching_parameters,
)

EVERYTHING = """
max_batch_size { value: 16 }
batch_timeout_micros { value: 500 }
max_enqueued_batches { value: 9 }
num_batch_threads { value: 3 }
thread_pool_name { value: "pool" }
allowed_batch_sizes: [4, 16]
pad_variable_length_inputs: true
enable_large_batch_splitting { value: true }
max_execution_batch_size { value: 8 }
"""


def test_every_field():
    assert parse_batching_parameters(EVERYTHING) == BatchingParameters(
        max_batch_size=16,
        batch_timeout_micros=500,
        max_enqueued_batches=9,
        num_batch_threads=3,
        thread_pool_name="pool",
        allowed_batch_sizes=(4, 16),
        pad_variable_length_inputs=True,
        enable_large_batch_splitting=True,
        max_execution_batch_size=8,
    )


def test_what_is_left_out_is_as_in_tensorflow_serving():
    parameters = parse_batching_parameters("# nothing")
    assert parameters == BatchingParameters()
    assert (parameters.max_batch_size, parameters.max_enqueued_batches) == (1000, 10)
    assert parameters.batch_timeout_micros == 0 and parameters.threads >= 1
    # A zero that is written is a value, not a gap.
    with pytest.raises(ServingError, match="max_batch_size must be positive; was 0"):
        parse_batching_parameters("max_batch_size {}")


def test_sizes():
    split = BatchingParameters(
        max_batch_size=16, enable_large_batch_splitting=True, max_execution_batch_size=8
    )
    whole = BatchingParameters(max_batch_size=16, allowed_batch_sizes=(2, 8, 16))
    assert (split.run_size, whole.run_size) == (8, 16)
    assert [whole.padded(rows) for rows in (1, 2, 3, 8, 9, 16)] == [2, 2, 8, 8, 16, 16]
    assert split.padded(5) == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_batch_size: 16", "not BatchingParameters"),
        ("no_such_field: 1", "no_such_field"),
        ("max_batch_size { value: -1 }", "max_batch_size must be positive; was -1"),
        ("num_batch_threads { value: 0 }", "num_batch_threads must be positive; was 0"),
        ("max_enqueued_batches { value: 0 }", "max_enqueued_batches must be positive"),
        ("batch_timeout_micros { value: -5 }", "must be non-negative; was -5"),
        (
            "max_batch_size { value: 8 } allowed_batch_sizes: [4, 16]",
            "Last entry in allowed_batch_sizes must match max_batch_size; last entry was 16; "
            "expected 8",
        ),
        ("allowed_batch_sizes: 4", "last entry was 4; expected 1000"),
        ("max_batch_size { value: 8 } allowed_batch_sizes: [8, 4, 8]", "increasing; were 8, 4, 8"),
        ("max_batch_size { value: 8 } allowed_batch_sizes: [0, 8]", "positive and monotonically"),
        (
            "max_batch_size { value: 8 } enable_large_batch_splitting { value: true } "
            "max_execution_batch_size { value: 9 }",
            "max_execution_batch_size 9 is larger than max_batch_size 8",
        ),
    ],
)
def test_what_is_refused(text, message, tmp_path):
    file = tmp_path / "batching.pbtxt"
    file.write_text(text)
    with pytest.raises(ServingError, match=message) as caught:
        read_batching_parameters(file)
    assert "batching.pbtxt" in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(ServingError, match="cannot read batching parameters .*No such file"):
        read_batching_parameters(tmp_path / "nowhere")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(ServingError, match="binary"):
        read_batching_parameters(tmp_path / "binary")


def test_flags(tmp_path):
    file = tmp_path / "batching.pbtxt"
    file.write_text(EVERYTHING)
    assert batching_of_flags(False, None, False) is None
    assert batching_of_flags(True, None, True) == BatchingParameters()
    assert batching_of_flags(True, str(file), False).max_batch_size == 16
    with pytest.raises(ServingError, match="--batching_parameters_file .* --enable_batching; add"):
        batching_of_flags(False, str(file), False)
    with pytest.raises(ServingError, match="--enable_per_model_batching_parameters has no effect"):
        batching_of_flags(False, None, True)
