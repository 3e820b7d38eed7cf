"""An export runs on a GPU or without one: no graph says where it computes. All of it batches."""

import pytest
from tensorflow.core.protobuf import saved_model_pb2

from serving.config.saved_model import read_export, takes_encoded_images, unbatchable


def nodes_behind_the_signatures(meta_graph):
    """Every node that computes an output: what feeds it, and the functions called on the way.

    Not saving and restoring, which are the host's work and say so.
    """
    nodes = {node.name: node for node in meta_graph.graph_def.node}
    functions = {f.signature.name: f.node_def for f in meta_graph.graph_def.library.function}
    feeding = {
        info.name.split(":")[0]
        for key, signature in meta_graph.signature_def.items()
        if key != "__saved_model_init_op"
        for info in signature.outputs.values()
    }
    waiting = list(feeding)
    for name in waiting:  # grows while it is walked
        fed = {text.split(":")[0].lstrip("^") for text in nodes[name].input} - feeding
        feeding |= fed
        waiting.extend(fed)
    found, called = [nodes[name] for name in sorted(feeding)], set()
    for node in found:  # grows while it is walked
        for value in node.attr.values():
            new = {one.name for one in (value.func, *value.list.func)} & functions.keys() - called
            called |= new
            for name in sorted(new):
                found.extend(functions[name])
    return found


@pytest.mark.parametrize("which", [0, 1], ids=["main", "encoded"])
def test_no_node_is_pinned_to_a_device(which, exported):
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((exported[which] / "saved_model.pb").read_bytes())
    found = nodes_behind_the_signatures(saved.meta_graphs[0])
    ops = {node.op for node in found}
    assert {"ReadVariableOp", "MatMul"} & ops and "RestoreV2" not in ops
    assert {(node.op, node.device) for node in found if node.device} == set()


def test_every_signature_of_the_main_servable_can_be_batched(exported):
    export = read_export(exported[0])
    assert len(export.signatures) > 3 and unbatchable(export) == []
    assert not takes_encoded_images(export)
    assert takes_encoded_images(read_export(exported[1]))
