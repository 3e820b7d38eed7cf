"""Our messages are TF Serving's messages: on the wire, and beside them in one process."""

import subprocess
import sys

import numpy as np
import pytest
from google.protobuf import text_format

from keras_reid import compat
from serving import messages, tensors

# Message -> an example in protobuf's text form that sets every field our side knows.
TENSOR = (
    'dtype: DT_FLOAT tensor_shape { dim { size: 2 name: "n" } dim { size: -1 } unknown_rank: true }'
    ' version_number: 1 tensor_content: "abcd" half_val: [1, 2] float_val: [1.5, -2] double_val: 3'
    ' int_val: [-1, 7] string_val: ["a", "b"] scomplex_val: 1 int64_val: [-5, 5] bool_val: [true]'
    " dcomplex_val: 2 uint32_val: [4] uint64_val: [5, 6]"
)
SPEC = 'model_spec { name: "reid" version { value: 3 } signature_name: "embed" }'
LABEL = 'model_spec { name: "reid" version_label: "stable" }'
INFO = 'value { name: "images:0" dtype: DT_UINT8 tensor_shape { dim { size: -1 } } }'
EXAMPLES = {
    "PredictRequest": f'{SPEC} inputs {{ key: "x" value {{ {TENSOR} }} }} output_filter: "y"',
    "PredictResponse": f'{SPEC} outputs {{ key: "y" value {{ {TENSOR} }} }}',
    "GetModelStatusRequest": LABEL,
    "GetModelStatusResponse": (
        "model_version_status { version: 7 state: AVAILABLE status {} } model_version_status "
        '{ version: -1 state: END status { error_code: NOT_FOUND error_message: "gone" } }'
    ),
    "GetModelMetadataRequest": f'{SPEC} metadata_field: "signature_def"',
    "SignatureDefMap": (
        f'signature_def {{ key: "embed" value {{ inputs {{ key: "images" {INFO} }} '
        f'outputs {{ key: "embeddings" {INFO} }} method_name: "tensorflow/serving/predict" '
        f'defaults {{ key: "epsilon" value {{ {TENSOR} }} }} }} }}'
    ),
    "ModelServerConfig": (
        'model_config_list { config { name: "a" base_path: "/a" model_platform: "tensorflow" '
        "model_version_policy { latest { num_versions: 2 } } "
        'version_labels { key: "stable" value: 4 } } '
        'config { name: "b" model_version_policy { all {} } } '
        'config { name: "c" model_version_policy { specific { versions: [1, 2] } } } }'
    ),
}
MODULES = {
    "PredictRequest": "apis.predict_pb2",
    "PredictResponse": "apis.predict_pb2",
    "GetModelStatusRequest": "apis.get_model_status_pb2",
    "GetModelStatusResponse": "apis.get_model_status_pb2",
    "GetModelMetadataRequest": "apis.get_model_metadata_pb2",
    "GetModelMetadataResponse": "apis.get_model_metadata_pb2",
    "SignatureDefMap": "apis.get_model_metadata_pb2",
    "ModelServerConfig": "config.model_server_config_pb2",
}


def theirs(name):
    module = pytest.importorskip(f"tensorflow_serving.{MODULES[name]}")
    return getattr(module, name)


def wire(message):
    return message.SerializeToString(deterministic=True)


@pytest.mark.parametrize("name", EXAMPLES)
class TestEveryMessage:
    def test_one_text_gives_one_wire_form(self, name):
        ours = text_format.Parse(EXAMPLES[name], getattr(messages, name)())
        other = text_format.Parse(EXAMPLES[name], theirs(name)())
        assert wire(ours) == wire(other)

    def test_each_side_reads_the_other(self, name):
        ours, other = getattr(messages, name), theirs(name)
        example = text_format.Parse(EXAMPLES[name], other())
        there = ours.FromString(wire(example))
        assert text_format.MessageToString(there) == text_format.MessageToString(example)
        assert other.FromString(wire(there)) == example


def test_metadata_is_packed_the_same_way():
    example = EXAMPLES["SignatureDefMap"]
    packed = []
    for side in (lambda name: getattr(messages, name), theirs):
        response = text_format.Parse(SPEC, side("GetModelMetadataResponse")())
        signatures = text_format.Parse(example, side("SignatureDefMap")())
        response.metadata["signature_def"].Pack(signatures, deterministic=True)
        packed.append(wire(response))
    assert packed[0] == packed[1]


def test_metadata_of_the_other_side_unpacks():
    response = theirs("GetModelMetadataResponse")()
    signatures = text_format.Parse(EXAMPLES["SignatureDefMap"], theirs("SignatureDefMap")())
    response.metadata["signature_def"].Pack(signatures)
    ours = messages.GetModelMetadataResponse.FromString(wire(response))
    unpacked = messages.SignatureDefMap()
    assert ours.metadata["signature_def"].Unpack(unpacked)
    assert wire(unpacked) == wire(signatures)


def test_fields_that_we_do_not_know_survive():
    request = theirs("PredictRequest")()
    request.model_spec.name = "reid"
    later = wire(request) + b"\xc2\x3e\x05later"  # field 1000, which no version has yet
    assert wire(messages.PredictRequest.FromString(later)) == later


def test_every_number_of_the_table_is_theirs():
    """Names, numbers, types and labels, read from both descriptors."""
    for name in MODULES:
        same_descriptor(getattr(messages, name).DESCRIPTOR, theirs(name).DESCRIPTOR, set())


def same_descriptor(ours, other, seen):
    if ours.full_name in seen:
        return
    seen.add(ours.full_name)
    assert ours.full_name == other.full_name
    for field in ours.fields:
        twin = other.fields_by_name[field.name]
        assert (field.number, field.type) == (twin.number, twin.type), field.full_name
        oneof = field.containing_oneof
        assert (oneof and oneof.name) == (twin.containing_oneof and twin.containing_oneof.name)
        if field.message_type:
            same_descriptor(field.message_type, twin.message_type, seen)
        if field.enum_type:
            numbers = {value.name: value.number for value in twin.enum_type.values}
            assert all(numbers[value.name] == value.number for value in field.enum_type.values)


@pytest.mark.skipif(
    not compat.KERAS_3,
    reason="protobuf 4 cannot import the services that tensorflow-serving-api 2.15 generated",
)
def test_method_paths_are_theirs():
    prediction = pytest.importorskip("tensorflow_serving.apis.prediction_service_pb2").DESCRIPTOR
    model = pytest.importorskip("tensorflow_serving.apis.model_service_pb2").DESCRIPTOR
    known = {**prediction.services_by_name, **model.services_by_name}
    for service, methods in messages.SERVICES.items():
        twin = known[service.rpartition(".")[2]]
        assert twin.full_name == service
        for name, (request, response) in methods.items():
            method = twin.methods_by_name[name]
            assert method.input_type.full_name == request.DESCRIPTOR.full_name
            assert method.output_type.full_name == response.DESCRIPTOR.full_name


def test_batching_parameters_read_as_the_server_reads_them():
    text = (
        'max_batch_size { value: 16 } thread_pool_name { value: "pool" } num_batch_threads '
        "{ value: 2 } allowed_batch_sizes: 8 allowed_batch_sizes: 16 batch_timeout_micros "
        "{ value: 500 } max_enqueued_batches { value: 9 } pad_variable_length_inputs: true "
        "enable_large_batch_splitting { value: true } max_execution_batch_size { value: 8 }"
    )
    parameters = text_format.Parse(text, messages.BatchingParameters())
    assert parameters.max_batch_size.value == 16
    assert list(parameters.allowed_batch_sizes) == [8, 16]


OURS = "from serving import client, messages, tensors"
THEIRS = "import tensorflow; from tensorflow_serving.apis import predict_pb2"
USE = """
import numpy as np
request = messages.PredictRequest()
request.inputs["x"].CopyFrom(tensors.to_proto(np.float32([1, 2])))
other = predict_pb2.PredictRequest.FromString(request.SerializeToString())
assert list(other.inputs) == ["x"]
assert messages.PredictRequest.FromString(other.SerializeToString()) == request
"""


@pytest.mark.parametrize("order", [(OURS, THEIRS), (THEIRS, OURS)], ids=["ours", "theirs"])
def test_one_process_imports_both_in_either_order(order):
    pytest.importorskip("tensorflow_serving")
    subprocess.run([sys.executable, "-c", "\n".join([*order, USE])], check=True, timeout=120)


def test_a_batch_of_images_packs_without_a_loop_over_pixels():
    images = np.zeros([32, 256, 128, 3], np.uint8)
    proto = tensors.to_proto(images)
    assert len(proto.tensor_content) == images.nbytes and not proto.int_val
