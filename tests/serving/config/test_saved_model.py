"""What is read from saved_model.pb is what TensorFlow would tell; batching is judged by it."""

import json

import pytest

from export.parity import description
from export.session import ServedModel
from serving.config.batching import batching_parameters, misfits
from serving.config.fleet import max_batch, read_fleet
from serving.config.protos import BatchingParameters, SavedModel, parse
from serving.config.saved_model import Export, read_export, takes_encoded_images, unbatchable
from serving.config.settings import Settings
from serving.errors import BadRequest
from serving.messages import SignatureDef
from tests.serving.config.conftest import BATCHING, MAX_BATCH
from tests.serving.server import tiny_models


def test_signatures_and_description_are_those_of_the_export(exported_models):
    export = read_export(exported_models / "reid" / "7")
    with ServedModel(exported_models / "reid" / "7") as served:
        assert export.description == description(served)
        assert set(export.signatures) == set(served.signatures) - {"__saved_model_init_op"}
        for key, signature in export.signatures.items():
            theirs = served.signatures[key].SerializeToString(deterministic=True)
            assert signature.SerializeToString(deterministic=True) == theirs
    assert export.max_batch == MAX_BATCH
    assert unbatchable(export) == [] and not takes_encoded_images(export)
    assert takes_encoded_images(read_export(exported_models / "reid_encoded" / "7"))


def test_a_foreign_savedmodel_has_no_limits_and_may_not_be_batchable(tmp_path):
    export = read_export(tiny_models.save_with_defaults(tmp_path / "foreign"))
    assert export.description == {} and export.max_batch is None
    assert unbatchable(export) == ["input 'epsilon' of 'serving_default' has no batch dimension"]


def test_a_model_that_nobody_could_ask_is_refused(tmp_path):
    saved = SavedModel()
    saved.meta_graphs.add().meta_info_def.tags.append("serve")
    (tmp_path / "saved_model.pb").write_bytes(saved.SerializeToString())
    with pytest.raises(BadRequest, match="has no signature"):
        read_export(tmp_path)


def signature(inputs, outputs):
    made = SignatureDef()
    for infos, table in ((made.inputs, inputs), (made.outputs, outputs)):
        for name, sizes in table.items():
            infos[name].tensor_shape.SetInParent()
            if sizes is None:
                infos[name].tensor_shape.unknown_rank = True
            for size in sizes or ():
                infos[name].tensor_shape.dim.add(size=size)
    return Export({"s": made}, {})


@pytest.mark.parametrize(
    ("inputs", "outputs", "why"),
    [
        ({"x": [-1, 3]}, {"y": [-1]}, None),
        ({"x": [-1], "epsilon": []}, {"y": [-1]}, "input 'epsilon'"),
        ({"x": [-1]}, {"loss": []}, "output 'loss'"),
        ({"x": [4, 3]}, {"y": [-1]}, "input 'x'"),
        ({"x": None}, {"y": [-1]}, "input 'x'"),
        ({"x": [-1, -1]}, {"y": [-1, -1]}, "may differ in size"),
    ],
)
def test_what_a_batching_session_cannot_merge(inputs, outputs, why):
    reasons = unbatchable(signature(inputs, outputs))
    assert reasons == [] if why is None else len(reasons) == 1 and why in reasons[0]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (BATCHING, None),
        ("max_batch_size { value: 32 }", None),
        ("", None),  # TF Serving's default is 1000
        ("max_batch_size { value: 8 }", "below the 16 images"),
        ("max_batch_size { value: 8 } enable_large_batch_splitting { value: true }", None),
        ("max_batch_size { value: 16 } allowed_batch_sizes: 8", "unless they are equal"),
        ("max_batch_size { value: 16 } allowed_batch_sizes: [8, 4, 16]", "must increase"),
        ("max_batch_size { value: 0 }", "at least 1"),
    ],
)
def test_batching_that_does_not_fit_the_largest_request(text, wrong):
    export = Export({}, {"limits": {"batch": 16}})
    found = misfits(parse(text, BatchingParameters, "it"), export)
    assert found == [] if wrong is None else wrong in found[0]


def test_an_encoded_servable_is_never_to_be_batched(exported_models):
    export = read_export(exported_models / "reid_encoded" / "7")
    (sentence,) = misfits(BatchingParameters(), export)
    assert "must not be batched" in sentence


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "holds no model"),
        (b"\xff\xff not a SavedModel", "is no SavedModel"),
        (SavedModel().SerializeToString(), "no graph tagged 'serve'"),
    ],
)
def test_what_is_no_savedmodel_is_named(content, message, tmp_path):
    if content is not None:
        (tmp_path / "saved_model.pb").write_bytes(content)
    with pytest.raises(BadRequest, match=message) as caught:
        read_export(tmp_path)
    assert "saved_model.pb" in str(caught.value)


def test_bad_batching_text_is_named(tmp_path):
    (tmp_path / "batching_params.pbtxt").write_text("max_batch { value: 1 }")
    with pytest.raises(BadRequest, match="batching_params.pbtxt is no BatchingParameters"):
        batching_parameters(tmp_path)


@pytest.mark.parametrize(
    ("labels", "versions"),
    [({}, [9]), ({"stable": 7}, [7]), ({"stable": 7, "canary": 9}, [7, 9])],
)
def test_a_fleet_serves_the_latest_or_what_is_labelled(labels, versions, exported_models):
    servables = read_fleet(exported_models, Settings(**labels))
    assert [servable.name for servable in servables] == ["reid", "reid_encoded"]
    assert all(sorted(servable.exports) == versions for servable in servables)
    assert max_batch(servables) == MAX_BATCH


def test_the_description_is_found_among_other_texts(exported_models):
    saved = SavedModel.FromString((exported_models / "reid/7/saved_model.pb").read_bytes())
    texts = [
        text
        for function in saved.meta_graphs[0].graph_def.library.function
        for node in function.node_def
        if node.op == "Const"
        for text in node.attr["value"].tensor.string_val
    ]
    assert sum(b"contract_version" in text for text in texts) >= 1
    assert json.loads(next(t for t in texts if b"contract_version" in t))["limits"]["batch"] == 16
