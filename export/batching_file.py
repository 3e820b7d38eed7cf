"""What a server may merge of this export: batching_params.pbtxt in its version directory.

TensorFlow Serving and the embedded server read it with --enable_batching and
--enable_per_model_batching_parameters. The encoded servable has none, and is not batched.
"""

import itertools

FILE = "batching_params.pbtxt"
# A lone request waits for company for a fraction of what any model takes.
TIMEOUT_MICROS = 1000
# Waiting for one signature, at most: 100 MB of crops of 256 x 128.
QUEUED_IMAGES = 1024
FEWEST_BATCHES = 10  # TensorFlow Serving's own default


def batching_text(limits):
    """BatchingParameters in protobuf's text form that fit a servable's Limits.

    The sizes that a run is padded to are few, so that few graphs are tuned and a warm-up can meet
    them all. The threads are the server's: num_batch_threads belongs into its own file.
    """
    lines = [
        f"max_batch_size {{ value: {limits.batch} }}  # limits.batch, as `describe` tells it",
        f"batch_timeout_micros {{ value: {TIMEOUT_MICROS} }}",
        f"max_enqueued_batches {{ value: {max(FEWEST_BATCHES, QUEUED_IMAGES // limits.batch)} }}",
        *(f"allowed_batch_sizes: {size}" for size in allowed_sizes(limits.batch)),
    ]
    return "\n".join(lines) + "\n"


def allowed_sizes(largest):
    """1, 2, 4, ... and `largest`."""
    powers = (2**exponent for exponent in itertools.count())
    return [*itertools.takewhile(lambda size: size < largest, powers), largest]


def write_batching_file(folder, limits):
    """Writes the file into a version directory that no server sees yet."""
    (folder / FILE).write_text(batching_text(limits), encoding="utf-8")
