"""<version>/batching_params.pbtxt: whether what it says fits the version that it lies in."""

from pathlib import Path

from serving.config.protos import BatchingParameters, parse
from serving.config.saved_model import takes_encoded_images, unbatchable
from serving.errors import BadRequest

FILE = "batching_params.pbtxt"
DEFAULT_MAX_BATCH_SIZE = 1000  # TF Serving's, where a file does not say


def batching_parameters(folder):
    """The BatchingParameters that a version brings, or None; raises BadRequest on bad text."""
    path = Path(folder) / FILE
    if not path.exists():
        return None
    try:
        return parse(path.read_text(encoding="utf-8"), BatchingParameters, path)
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"{path} cannot be read: {error}") from error


def misfits(parameters, export):
    """Sentences: what goes wrong if a server batches `export` by `parameters`; none if nothing."""
    if takes_encoded_images(export):
        return [
            "it decodes images and must not be batched: one undecodable image would fail the "
            "requests of strangers"
        ]
    return [
        *(f"it cannot be batched: {reason}" for reason in unbatchable(export)),
        *_sizes(parameters, export.max_batch),
    ]


def _sizes(parameters, largest_request):
    has_size = parameters.HasField("max_batch_size")
    size = parameters.max_batch_size.value if has_size else DEFAULT_MAX_BATCH_SIZE
    allowed = list(parameters.allowed_batch_sizes)
    if size < 1:
        yield f"max_batch_size {size} must be at least 1"
    if allowed and (allowed != sorted(set(allowed)) or allowed[0] < 1):
        yield f"allowed_batch_sizes {allowed} must increase from at least 1"
    if allowed and allowed[-1] != size:
        yield (
            f"the last of allowed_batch_sizes is {allowed[-1]} and max_batch_size is {size}: "
            "the server refuses to load a model unless they are equal"
        )
    splits = parameters.enable_large_batch_splitting.value
    if largest_request and size < largest_request and not splits:
        yield (
            f"max_batch_size {size} is below the {largest_request} images that the export allows "
            f"in one request: larger ones are refused; set it to {largest_request}"
        )
