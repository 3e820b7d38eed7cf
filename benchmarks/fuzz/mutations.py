"""What the fuzzer does to a gRPC request, and the codes that TensorFlow Serving answers with then.

A mutation changes a request in place. Its codes are added to those of the others and to OK: a value
may be drawn that is in order after all. The runtime's own refusals are INVALID_ARGUMENT, too.
"""

from benchmarks.fuzz.names import WEIRD_NAMES, weird_name
from benchmarks.fuzz.tensor_mutations import (
    INT64,
    content,
    dtype,
    numbers,
    shape,
    strings,
    tensor_of,
    values,
)

INVALID, MISSING, PRECONDITION = "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION"


def model_name(request, rng):
    request.model_spec.name = weird_name(rng)


def other_model(request, rng):
    request.model_spec.name = rng.choice(["demo", "reid", "reid_encoded", "defaults"])


def no_spec(request, rng):
    request.ClearField("model_spec")


def version(request, rng):
    request.model_spec.version.value = rng.choice([1, 2, 3, 99, 0, -1, INT64 - 1, -INT64])


def label(request, rng):
    request.model_spec.version_label = rng.choice(["stable", "canary", *WEIRD_NAMES])


def signature(request, rng):
    request.model_spec.signature_name = rng.choice(
        ["", "embed", "pair", "strings", "kinds", weird_name(rng)]
    )


def unknown_field(request, rng):
    """Fields of a newer protocol are none of our business: number 15000, bytes."""
    content = rng.randbytes(rng.randint(0, 20))
    request.MergeFromString(b"\xc2\xa9\x07" + bytes([len(content)]) + content)


def output_filter(request, rng):
    request.output_filter.extend(
        rng.choice(["y", "embeddings", "adversarial", weird_name(rng)])
        for _ in range(rng.randint(1, 3))
    )


def drop_input(request, rng):
    if request.inputs:
        del request.inputs[rng.choice(sorted(request.inputs))]


def extra_input(request, rng):
    name = weird_name(rng)
    request.inputs[name].dtype = rng.randrange(25)
    if request.inputs and rng.random() < 0.7:
        request.inputs[name].CopyFrom(tensor_of(request, rng))


def rename_input(request, rng):
    if request.inputs:
        old = rng.choice(sorted(request.inputs))
        tensor = type(request.inputs[old])()
        tensor.CopyFrom(request.inputs[old])
        del request.inputs[old]
        request.inputs[weird_name(rng)].CopyFrom(tensor)


PREDICT = {  # mutation: codes beside OK
    model_name: {MISSING, INVALID},
    # A signature of another model, and its inputs.
    other_model: {INVALID, PRECONDITION},
    no_spec: {INVALID},
    version: {MISSING},
    label: {INVALID},
    signature: {PRECONDITION, INVALID},
    unknown_field: set(),
    output_filter: {INVALID},
    drop_input: {INVALID},
    extra_input: {INVALID},
    rename_input: {INVALID},
    dtype: {INVALID},
    shape: {INVALID},
    content: {INVALID},
    values: {INVALID},
    numbers: {INVALID},
    strings: {INVALID},
}
SPEC = {each: PREDICT[each] for each in (model_name, no_spec, version, label, unknown_field)}
# A version after no_spec makes a spec without a name, of which no version is known.
STATUS = {**SPEC, no_spec: {INVALID, MISSING}}
