"""What is exported is the contract: names, dtypes, shapes, and nothing else."""

import json

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from keras_reid.attacks import ATTACKS
from serving import contract
from tests.export.conftest import LIMITS
from tests.export.models import SIZE, pixels

SIZES = {
    "height": SIZE[0],
    "width": SIZE[1],
    "num_push": LIMITS.push,
    "num_pull": LIMITS.pull,
}
SELF_GUIDED = ("sma", "odfa")


def expected_signatures(model):
    table = {
        contract.DEFAULT_SIGNATURE: contract.EMBED_SIGNATURE,
        contract.EMBED: contract.EMBED_SIGNATURE,
        contract.DESCRIBE: contract.DESCRIBE_SIGNATURE,
    }
    for name in ATTACKS:
        guided = contract.SELF_GUIDED if name in SELF_GUIDED else contract.GUIDED
        table[contract.attack_signature_name(name)] = guided
    return table


def check(tensors, infos, sizes):
    assert set(infos) == set(tensors)
    for name, tensor in tensors.items():
        info = infos[name]
        dtype = tf.string if tensor.dtype == "str" else tf.as_dtype(tensor.dtype)
        assert tf.as_dtype(info.dtype) == dtype, name
        shape = [dimension.size for dimension in info.tensor_shape.dim]
        assert shape == [-1] + [sizes.get(d, d) for d in tensor.shape], name


def test_main_servable_has_exactly_the_contract(model, served):
    table = expected_signatures(model)
    assert set(served.signatures) - {"__saved_model_init_op"} == set(table)
    for key, signature in table.items():
        width = 5 if key == "attack_xent" else model.embedding_size
        sizes = {**SIZES, "embedding_size": model.embedding_size, "guide_size": width}
        check(signature.inputs, served.signatures[key].inputs, sizes)
        check(signature.outputs, served.signatures[key].outputs, sizes)


def test_encoded_servable_has_exactly_the_contract(model, served_encoded):
    table = {
        contract.DEFAULT_SIGNATURE: contract.EMBED_ENCODED_SIGNATURE,
        contract.EMBED_ENCODED: contract.EMBED_ENCODED_SIGNATURE,
        contract.DECODE: contract.DECODE_SIGNATURE,
    }
    assert set(served_encoded.signatures) - {"__saved_model_init_op"} == set(table)
    sizes = {**SIZES, "embedding_size": model.embedding_size}
    for key, signature in table.items():
        check(signature.inputs, served_encoded.signatures[key].inputs, sizes)
        check(signature.outputs, served_encoded.signatures[key].outputs, sizes)


def test_describe_tells_each_row_the_ceilings_and_fingerprints(model, served):
    answer = served.run("describe", {"request": [b"", b"anything"]})["description"]
    assert len(answer) == 2 and answer[0] == answer[1]
    told = json.loads(answer[0])
    assert told["contract_version"] == contract.CONTRACT_VERSION
    assert told["input_size"] == list(SIZE)
    assert told["embedding_size"] == model.embedding_size
    assert told["limits"] == {
        "epsilon": LIMITS.epsilon,
        "steps": 10,
        "batch": 16,
        "encoded_bytes": 20_000,
        "encoded_pixels": 10_000,
    }
    assert set(told["attacks"]) == set(ATTACKS)
    assert told["attacks"]["fna"]["num_push"] == 3 and told["attacks"]["fna"]["num_pull"] == 2
    assert told["attacks"]["sma"]["guided"] is False
    assert told["model_fingerprint"] == model.fingerprint


def test_no_graph_is_pinned_to_a_device_or_compiled_by_xla(exported):
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((exported[0] / "saved_model.pb").read_bytes())
    graph = saved.meta_graphs[0].graph_def
    nodes = list(graph.node) + [n for f in graph.library.function for n in f.node_def]
    # Saving and restoring files is host work and says so; nothing else may name a device.
    devices = {n.device for n in nodes if n.op not in ("SaveV2", "RestoreV2", "MergeV2Checkpoints")}
    assert not any("GPU" in device for device in devices)
    assert not any(n.attr["_XlaMustCompile"].b for n in nodes if "_XlaMustCompile" in n.attr)
    functions = graph.library.function
    assert not any(f.attr["_XlaMustCompile"].b for f in functions if "_XlaMustCompile" in f.attr)


@pytest.mark.parametrize("key", [contract.EMBED, *("attack_" + name for name in ATTACKS)])
def test_every_output_is_batched_also_for_one_image(model, served, key):
    inputs = {"images": pixels(1)}
    if key != contract.EMBED:
        inputs |= {"epsilon": [0.01], "steps": np.int32([2]), "seed": np.int64([3])}
        for name in ("push", "pull"):
            if name in served.signatures[key].inputs:
                info = served.signatures[key].inputs[name].tensor_shape.dim
                inputs[name] = np.ones([1, info[1].size, info[2].size], np.float32)
                inputs[f"{name}_weight"] = np.ones([1, info[1].size], np.float32)
    for value in served.run(key, inputs).values():
        assert value.shape[:1] == (1,)
