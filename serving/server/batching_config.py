"""--batching_parameters_file and a version's batching_params.pbtxt, in TensorFlow Serving's words.

max_batch_size { value: 16 }
batch_timeout_micros { value: 1000 }
max_enqueued_batches { value: 64 }
num_batch_threads { value: 2 }
allowed_batch_sizes: 4
allowed_batch_sizes: 16
"""

import dataclasses
import os

from google.protobuf import text_format

from serving import messages
from serving.errors import ServingError

FILE = "batching_params.pbtxt"  # in the version directory
POSITIVE = (
    "max_batch_size",
    "max_enqueued_batches",
    "num_batch_threads",
    "max_execution_batch_size",
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class BatchingParameters:
    """How runs are merged; the defaults are TensorFlow Serving's.

    max_batch_size: most rows of one request and, without splitting, of one run.
    batch_timeout_micros: how long the first request of a batch waits for company.
    max_enqueued_batches: batches of one signature that wait for a thread; one more is refused.
    num_batch_threads: runs at the same time, of all models together; None: one for each core.
    thread_pool_name: what those threads are called.
    allowed_batch_sizes: rising sizes that a run is padded to, the last max_batch_size; none: any.
    pad_variable_length_inputs: merge inputs of one rank whose other dimensions differ, padded with
      their first value to the largest.
    enable_large_batch_splitting: spread a request over several runs.
    max_execution_batch_size: most rows of one run then; None: max_batch_size.

    Raises ServingError for values that TensorFlow Serving refuses, too.
    """

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int | None = None
    thread_pool_name: str = "model_server_batch_threads"
    allowed_batch_sizes: tuple = ()
    pad_variable_length_inputs: bool = False
    enable_large_batch_splitting: bool = False
    max_execution_batch_size: int | None = None

    def __post_init__(self):
        for name in POSITIVE:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ServingError(f"{name} must be positive; was {value}")
        if self.batch_timeout_micros < 0:
            raise ServingError(
                f"batch_timeout_micros must be non-negative; was {self.batch_timeout_micros}"
            )
        if self.run_size > self.max_batch_size:
            raise ServingError(
                f"max_execution_batch_size {self.max_execution_batch_size} is larger than "
                f"max_batch_size {self.max_batch_size}; choose at most that"
            )
        sizes = self.allowed_batch_sizes
        if any(size < 1 for size in sizes) or list(sizes) != sorted(set(sizes)):
            raise ServingError(
                "allowed_batch_sizes entries must be positive and monotonically increasing; were "
                f"{_listed(sizes)}"
            )
        if sizes and sizes[-1] != self.max_batch_size:
            raise ServingError(
                "Last entry in allowed_batch_sizes must match max_batch_size; last entry was "
                f"{sizes[-1]}; expected {self.max_batch_size}"
            )

    @property
    def run_size(self):
        """Most rows of one run."""
        split = self.enable_large_batch_splitting and self.max_execution_batch_size
        return split or self.max_batch_size

    @property
    def threads(self):
        """Runs at the same time."""
        return self.num_batch_threads or os.cpu_count() or 1

    def padded(self, rows):
        """The allowed size that a run of `rows` rows is brought to."""
        return next((size for size in self.allowed_batch_sizes if size >= rows), rows)


def _listed(sizes):
    return ", ".join(map(str, sizes))


def read_batching_parameters(path):
    """The BatchingParameters in a file; raises ServingError with its name and the reason."""
    try:
        with open(path, encoding="utf-8") as file:
            return parse_batching_parameters(file.read())
    except OSError as error:
        raise ServingError(
            f"cannot read batching parameters {path}: {error.strerror}; name a text file of "
            "BatchingParameters"
        ) from error
    except (ServingError, UnicodeDecodeError) as error:
        raise ServingError(f"batching parameters {path}: {error}") from error


def parse_batching_parameters(text):
    """The BatchingParameters in a message written as text."""
    message = messages.BatchingParameters()
    try:
        text_format.Parse(text, message)
    except text_format.ParseError as error:
        raise ServingError(f"not BatchingParameters: {error}") from error
    values = {}
    for field, value in message.ListFields():  # what is not set keeps its default
        if field.name == "allowed_batch_sizes":
            value = tuple(value)
        values[field.name] = getattr(value, "value", value)
    return BatchingParameters(**values)


def batching_of_flags(enabled, file, per_model):
    """What the flags of tensorflow_model_server ask for: BatchingParameters, or None for none.

    Args:
      enabled, file, per_model: --enable_batching, --batching_parameters_file and
        --enable_per_model_batching_parameters.

    Raises ServingError where the others come without --enable_batching, and for a bad file.
    """
    if not enabled:
        for flag, value in (
            ("--batching_parameters_file", file),
            ("--enable_per_model_batching_parameters", per_model),
        ):
            if value:
                raise ServingError(f"{flag} has no effect without --enable_batching; add it")
        return None
    return read_batching_parameters(file) if file else BatchingParameters()
