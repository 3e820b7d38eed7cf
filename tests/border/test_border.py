"""Files of the other stack, read by this one: `make test-border` runs it on both."""

import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from export.parity import embedding_row
from export.session import ServedModel
from keras_reid import compat
from keras_reid.attacks import ATTACKS
from keras_reid.data.images import to_images
from keras_reid.models import fingerprint, load_model, load_weights
from serving import contract
from tests.border.compare import compare
from tests.border.make_files import MODELS, SIZE, build, images
from tests.commands import assert_refused, call

FOLDER = os.environ.get("KERAS_REID_BORDER")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="needs files that both stacks wrote: make test-border"
)
STACK_VERSION = compat.STACK.split()[1]
OTHER = "keras2" if compat.KERAS_3 else "keras3"


@pytest.fixture
def written():
    return Path(FOLDER) / OTHER


@pytest.mark.parametrize("key", MODELS)
@pytest.mark.parametrize("ending", [".weights.h5", ".keras"])
def test_weights_move(written, key, ending):
    expected = np.load(written / f"{key}.npz")
    if ending == ".keras":
        model = load_model(written / f"{key}.keras").model
    else:
        model = build(key)
        load_weights(model, written / f"{key}.weights.h5")
    assert fingerprint(model.get_weights()) == str(expected["fingerprint"])
    found = model.embed(to_images(images((64, 32)))).numpy()
    row = embedding_row(key, expected["embeddings"], found)
    assert row.holds, row


def test_a_workdir_and_its_checkpoint_move(written, tmp_path):
    run = written / "run"
    kept, last = tmp_path / "kept.keras", tmp_path / "last.weights.h5"
    done = call("trainers.move_weights", f"--source={run}", f"--output={kept}")
    assert done.returncode == 0, done.stderr
    assert load_model(kept).fingerprint == load_model(run).fingerprint
    prefix = run / "checkpoints" / "step-12"
    done = call("trainers.move_weights", f"--source={prefix}", f"--output={last}")
    assert done.returncode == 0, done.stderr
    model = load_model(kept).model
    load_weights(model, last)
    reader = tf.train.load_checkpoint(str(prefix))
    for name, variable in compat.named_variables(model).items():
        stored = reader.get_tensor(f"model/{name}/.ATTRIBUTES/VARIABLE_VALUE")
        np.testing.assert_array_equal(variable.numpy(), stored, err_msg=name)


def test_training_goes_on_from_the_other_stack_in_a_new_workdir_only(tmp_path):
    there = Path(FOLDER) / OTHER
    flags = [
        "--preset=small", f"--data={there}/crowd", "--input_size=32,16", "--persons=3",
        "--images_each=2", "--epochs=2", "--held_out=0.25", "--pad=2", "--warmup_epochs=1",
    ]  # fmt: skip
    refused = call("trainers.train_embedder", *flags, f"--workdir={there}/run")
    assert_refused(refused, "was written by TensorFlow", "--init_from")
    checkpoint = there / "run" / "checkpoints" / "step-12"
    for start in (there / "run", checkpoint):
        workdir = tmp_path / start.name
        done = call(
            "trainers.train_embedder", *flags, f"--init_from={start}", f"--workdir={workdir}"
        )
        assert done.returncode == 0, done.stderr
        assert load_model(workdir).embedding_size > 0


def test_a_savedmodel_embeds_alike(written):
    assert all(row.holds for row in compare(written))
    python = load_model(written / "models" / "reid" / "1")
    answers = np.load(written / "answers.npz")["embeddings"]
    found = python.embed(to_images(images(SIZE, 6)))
    assert embedding_row("Python", answers, found).holds


@pytest.mark.parametrize("name", ATTACKS)
def test_a_savedmodel_attacks_alike(written, name):
    rows = compare(written, name)
    assert all(row.holds for row in rows), rows


def test_jpeg_bytes_are_decoded_and_embedded_alike(written):
    answers = np.load(written / "answers.npz")
    request = {"encoded": answers["encoded"]}
    with ServedModel(written / "models" / "reid_encoded" / "1") as served:
        pixels = served.run(contract.DECODE, request)["images"]
        found = served.run(contract.EMBED_ENCODED, request)["embeddings"]
    # The JPEG decoder of another TensorFlow may round a pixel another way, by one.
    assert np.abs(pixels.astype(int) - answers["images"]).max() <= 1
    assert embedding_row("bytes", answers["from_bytes"], found).figure < 1e-3


def test_what_is_compared_is_an_attack(written):
    answers = np.load(written / "answers.npz")
    for name in ATTACKS:
        changed = answers[f"{name}/request/images"] != answers[f"{name}/answer/adversarial"]
        assert changed.mean() > 0.5, name


def test_an_export_says_where_it_was_made(written):
    saved = (written / "models" / "reid" / "1" / "saved_model.pb").read_bytes()
    made_by = SavedModel.FromString(saved).meta_graphs[0].meta_info_def.tensorflow_version
    assert made_by.startswith("2.15." if OTHER == "keras2" else "2.")
    assert made_by != STACK_VERSION
