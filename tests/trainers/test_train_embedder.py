"""The real training on a tiny crowd: what it leaves, resuming, and everything that can fail."""

import io
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from keras_reid import compat
from keras_reid.data import load_dataset
from keras_reid.data.held_out import hold_out_identities
from keras_reid.errors import ReIDError
from keras_reid.models import load_model
from keras_reid.runs.workdir import Workdir
from tests.commands import start
from tests.trainers.crowd import tiny, write_crowd
from trainers.embedder import resolve, train
from trainers.embedder.task import EmbedderTask


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    return write_crowd(tmp_path_factory.mktemp("data") / "crowd")


def checkpoint(workdir):
    """{name: array} of the newest checkpoint: weights, optimizer, best validation."""
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(workdir / "checkpoints")))
    names = reader.get_variable_to_shape_map()
    return {name: reader.get_tensor(name) for name in names if name[0] != "_"}


class TestARun:
    @pytest.fixture(scope="class")
    def crowd(self, tmp_path_factory):
        """A test split of junk: had training or model selection a look at it, all below fails."""
        root = write_crowd(tmp_path_factory.mktemp("data") / "crowd")
        tested = [*(root / "query").iterdir(), *(root / "bounding_box_test").iterdir()]
        assert len(tested) == 32  # 4 people before 2 cameras: 1 query, 3 gallery images each
        for path in tested:
            path.write_bytes(b"no image")
        return root

    @pytest.fixture(scope="class")
    def run(self, crowd, tmp_path_factory):
        workdir = tmp_path_factory.mktemp("runs") / "run"
        stream = io.StringIO()
        return workdir, train(resolve(**tiny(crowd)), workdir, stream=stream), stream.getvalue()

    def test_leaves_everything_behind(self, run):
        workdir, result, _ = run
        assert {path.name for path in workdir.iterdir()} >= {
            "config.json", "metrics.jsonl", "events", "checkpoints", "model.keras", "result.json",
            "provenance.jsonl",
        }  # fmt: skip
        assert json.loads((workdir / "result.json").read_text()) == json.loads(json.dumps(result))
        # 6 people are left of 8; 36 images make 6 batches of 3 x 2.
        assert (result["training_identities"], result["held_out_identities"]) == (6, 2)
        assert (result["finished"], result["steps"], result["training_images"]) == (True, 12, 36)
        assert compat.STACK.startswith(f"TensorFlow {result['provenance']['tensorflow']} ")

    def test_says_where_it_is(self, run):
        for word in ("step 12/12", "epoch 2", "ETA", "images/s", "learning_rate", "data_seconds"):
            assert word in run[2]

    def test_logs_losses_and_validation(self, run):
        entries = [json.loads(line) for line in (run[0] / "metrics.jsonl").read_text().splitlines()]
        assert [entry["step"] for entry in entries] == [6, 6, 12, 12]
        assert set(entries[0]) == {
            "step", "loss", "identity_loss", "triplet_loss", "learning_rate", "data_seconds",
            "images_per_second",
        }  # fmt: skip
        assert set(entries[1]) == {"step", "validation_map", "validation_rank1"}
        best = max(entry["validation_map"] for entry in entries if "validation_map" in entry)
        assert run[1]["validation"]["map"] == best and 0 < best <= 1

    def test_loads_as_a_model_that_knows_its_data(self, run, crowd):
        loaded = load_model(run[0])
        assert (loaded.kind, loaded.input_size, loaded.embedding_size) == ("workdir", (32, 16), 160)
        assert loaded.data_fingerprint == load_dataset("market1501", crowd).fingerprint()
        assert loaded.config["seed"] == 0 and loaded.logits is not None

    def test_finished_means_finished(self, run, crowd, monkeypatch):
        before = {
            name: (run[0] / name).read_bytes() for name in ("result.json", "provenance.jsonl")
        }
        monkeypatch.setattr(sys, "argv", ["another", "command"])
        again = train(resolve(**tiny(crowd)), run[0], stream=io.StringIO())
        assert again["finished"] and again["steps"] == 12
        assert again["images_per_second"] == run[1]["images_per_second"]
        assert before == {name: (run[0] / name).read_bytes() for name in before}

    def test_another_configuration_is_refused(self, run, crowd):
        with pytest.raises(ReIDError, match=r"\(seed: 0 in the workdir, 5 now\)"):
            train(resolve(**tiny(crowd, seed=5)), run[0], stream=io.StringIO())

    def test_is_where_another_can_start(self, run, crowd, tmp_path):
        stream = io.StringIO()
        config = resolve(**tiny(crowd, init_from=str(run[0]), epochs=1, learning_rate=1e-12,
                                held_out=0.0))  # fmt: skip
        train(config, tmp_path / "next", stream=stream)
        images = np.random.default_rng(0).random((2, 32, 16, 3), np.float32)
        before, after = load_model(run[0]), load_model(tmp_path / "next")
        weights = [model.model.network.get_layer("small").trainable_variables[0]
                   for model in (before, after)]  # fmt: skip
        np.testing.assert_allclose(*map(np.asarray, weights), atol=1e-6)
        assert after.embed(images).shape == before.embed(images).shape


RESUMED = """
import io, os, signal, sys
from tests.trainers.crowd import tiny
from trainers.embedder import resolve, train
from trainers.embedder.task import EmbedderTask

data, runs = sys.argv[1:]
config = resolve(**tiny(data, deterministic=True, held_out=0.25, cache_images=False))

def go(name):
    train(config, f"{runs}/{name}", stream=io.StringIO())

go("straight")
go("twin")

batches = EmbedderTask.batches
def interrupting(self, first):
    for number, batch in enumerate(batches(self, first), 1):
        if number == 4:
            os.kill(os.getpid(), signal.SIGINT)
        yield batch
EmbedderTask.batches = interrupting
try:
    go("resumed")
except KeyboardInterrupt:
    print("interrupted")
EmbedderTask.batches = batches
go("resumed")
"""


@pytest.mark.slow
def test_resumed_equals_straight_and_two_runs_equal_bit_for_bit(crowd, tmp_path):
    # In a process of its own: deterministic kernels stay switched on for good.
    done = subprocess.run(
        [sys.executable, "-c", RESUMED, str(crowd), str(tmp_path)], capture_output=True, text=True
    )
    assert "interrupted" in done.stdout, done.stderr
    assert (tmp_path / "resumed" / "checkpoints" / "step-12.index").exists(), done.stderr
    straight, twin, resumed = (checkpoint(tmp_path / n) for n in ("straight", "twin", "resumed"))
    assert len(straight) > 80 and int(straight["step/.ATTRIBUTES/VARIABLE_VALUE"]) == 12
    for name, value in straight.items():
        if "save_counter" in name:  # how often it was saved is the one thing that differs
            continue
        np.testing.assert_array_equal(twin[name], value, err_msg=name)
        np.testing.assert_array_equal(resumed[name], value, err_msg=name)
    best = [load_model(tmp_path / name).fingerprint for name in ("straight", "twin", "resumed")]
    assert best[0] == best[1] == best[2]


def test_stops_after_some_epochs_and_goes_on(crowd, tmp_path):
    config = resolve(**tiny(crowd))
    first = train(config, tmp_path, stop_after_epochs=1, stream=io.StringIO())
    assert (first["finished"], first["steps"]) == (False, 6)
    stream = io.StringIO()
    second = train(config, tmp_path, stop_after_epochs=1, stream=stream)
    assert (second["finished"], second["steps"]) == (True, 12)
    assert "resuming at step 6 (epoch 1)" in stream.getvalue()


def starts(workdir):
    """(last word of the command, first step) of each line of provenance.jsonl."""
    lines = (workdir / "provenance.jsonl").read_text().splitlines()
    return [(entry["provenance"]["command"].split()[-1], entry["first_step"])
            for entry in map(json.loads, lines)]  # fmt: skip


def test_an_interrupted_run_says_who_trained_it(crowd, tmp_path, monkeypatch):
    config = resolve(**tiny(crowd))
    batches = EmbedderTask.batches

    def interrupting(self, first):
        for number, batch in enumerate(batches(self, first), first + 1):
            if number in (4, 12):
                os.kill(os.getpid(), signal.SIGINT)
            yield batch

    monkeypatch.setattr(EmbedderTask, "batches", interrupting)
    for word in ("first", "second"):
        monkeypatch.setattr(sys, "argv", ["train", word])
        with pytest.raises(KeyboardInterrupt):
            train(config, tmp_path, stream=io.StringIO())
    assert starts(tmp_path) == [("first", 0), ("second", 4)]
    assert not (tmp_path / "result.json").exists()
    # Interrupted after the last step: what is left is to write the result, of "second"'s training.
    monkeypatch.setattr(sys, "argv", ["train", "third"])
    result = train(config, tmp_path, stream=io.StringIO())
    assert result["finished"] and result["provenance"]["command"].endswith("second")
    assert len(starts(tmp_path)) == 2


def test_nan_loss_stops_and_keeps_the_last_good_checkpoint(crowd, tmp_path, monkeypatch):
    config = resolve(**tiny(crowd))
    train(config, tmp_path, stop_after_epochs=1, stream=io.StringIO())
    good = checkpoint(tmp_path)
    losses = EmbedderTask.losses
    monkeypatch.setattr(
        EmbedderTask, "losses",
        lambda *args: {name: value * np.nan for name, value in losses(*args).items()},
    )  # fmt: skip
    with pytest.raises(ReIDError, match="loss.* became nan .* lower --learning_rate"):
        train(config, tmp_path, stream=io.StringIO())
    kept = checkpoint(tmp_path)
    assert all(np.array_equal(kept[name], value) for name, value in good.items())
    # The workdir is free again, and the run can go on.
    monkeypatch.undo()
    assert train(config, tmp_path, stream=io.StringIO())["finished"]


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
@pytest.mark.parametrize("loss", ["triplet", "classification"])
def test_mixed_precision_learns_in_float32_variables(crowd, tmp_path, precision, loss):
    config = resolve(**tiny(crowd, mixed_precision=precision, loss=loss, epochs=1,
                            optimizer="adam", weight_decay=1e-4, held_out=0.0))  # fmt: skip
    result = train(config, tmp_path, stream=io.StringIO())
    assert result["finished"] and result["validation"] == {}
    loaded = load_model(tmp_path)
    assert all(weight.dtype == np.float32 for weight in loaded.model.get_weights())
    assert (loaded.logits is None) == (loss == "triplet")


MIRRORED = """
import sys, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tests.trainers.crowd import tiny
from trainers.embedder import resolve, train
from keras_reid.errors import ReIDError

data, runs = sys.argv[1:]
settings = tiny(data, strategy="mirrored", epochs=1, persons=4)
try:
    train(resolve(**settings | {"persons": 3}), runs + "/odd")
except ReIDError as error:
    print(error)
# The triplet loss alone does not reach the neck behind it, so one gradient is None.
result = train(resolve(**settings, mixed_precision="float16", loss="triplet", head="strong"),
               runs + "/mirrored")
print("trained", result["finished"])
"""


def test_mirrored_trains_on_two_devices(crowd, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", MIRRORED, str(crowd), str(tmp_path)], capture_output=True, text=True
    )
    assert "trained True" in done.stdout, done.stderr
    assert "cannot be dealt to 2 replicas" in done.stdout
    assert load_model(tmp_path / "mirrored").embedding_size == 160


def test_ctrl_c_saves_and_exits_130(crowd, tmp_path):
    settings = tiny(crowd, epochs=500)
    flags = [f"--{key}={','.join(map(str, value)) if isinstance(value, tuple) else value}"
             for key, value in settings.items()]  # fmt: skip
    process = start("trainers.train_embedder", *flags, f"--workdir={tmp_path}/run")
    for line in process.stderr:
        if line.startswith("epoch 1/"):
            process.send_signal(signal.SIGINT)
            break
    rest = process.stderr.read()
    assert process.wait() == 130, rest
    assert "interrupted: saved at step" in rest and "Traceback" not in rest
    assert tf.train.latest_checkpoint(str(tmp_path / "run" / "checkpoints"))


class TestHeldOut:
    def test_people_are_apart_and_all_from_the_training_split(self, crowd):
        dataset = load_dataset("market1501", crowd)
        train_on, held = hold_out_identities(dataset.train, 0.25, seed=1)
        assert {r.pid for r in train_on} & {r.pid for r in held} == set()
        assert sorted(train_on + held) == sorted(dataset.train)
        assert len({r.pid for r in held}) == 2
        assert hold_out_identities(dataset.train, 0.25, seed=1) == (train_on, held)
        assert hold_out_identities(dataset.train, 0.0) == (dataset.train, ())

    def test_too_few_people(self, crowd):
        few = [r for r in load_dataset("market1501", crowd).train if r.pid < 4]
        with pytest.raises(ReIDError, match="too few to hold out 2 .* --held_out=0"):
            hold_out_identities(few, 0.25)

    def test_one_camera_cannot_validate(self, crowd):
        one = [r for r in load_dataset("market1501", crowd).train if r.camid == 1]
        with pytest.raises(ReIDError, match="no held-out person was seen by two cameras"):
            hold_out_identities(one, 0.25)


class TestBadInput:
    def attempt(self, data, tmp_path, **changes):
        train(resolve(**tiny(data, **changes)), tmp_path / "run", stream=io.StringIO())

    def test_missing_folder(self, tmp_path):
        with pytest.raises(ReIDError, match="nowhere"):
            self.attempt(tmp_path / "nowhere", tmp_path)

    def test_larger_batch_than_data(self, crowd, tmp_path):
        with pytest.raises(ReIDError, match="needs as many identities; the data has 6"):
            self.attempt(crowd, tmp_path, persons=7)

    def test_one_identity(self, tmp_path):
        data = write_crowd(tmp_path / "one", people=1)
        with pytest.raises(ReIDError, match="needs at least two"):
            self.attempt(data, tmp_path, held_out=0.0)

    def test_unreadable_image_is_named_or_skipped(self, tmp_path):
        data = write_crowd(tmp_path / "data")
        bad = data / "bounding_box_train" / "0003_c1s1_000000_0.png"
        bad.write_bytes(bad.read_bytes()[:60])
        with pytest.raises(ReIDError, match=f"{bad.name}.*--skip_bad_images"):
            self.attempt(data, tmp_path, held_out=0.0, cache_images=False)
        stream = io.StringIO()
        config = resolve(**tiny(data, held_out=0.0, epochs=1, skip_bad_images=True))
        result = train(config, tmp_path / "skipping", stream=stream)
        assert result["skipped_images"] == 1 and f"skipping {bad}" in stream.getvalue()

    def test_workdir_in_use(self, crowd, tmp_path):
        with Workdir.open(tmp_path, {"seed": 0}):
            with pytest.raises(ReIDError, match=f"in use by process {os.getpid()}"):
                train(resolve(**tiny(crowd)), tmp_path, stream=io.StringIO())

    def test_imagenet_for_a_backbone_without(self, crowd, tmp_path):
        with pytest.raises(ReIDError, match="no ImageNet weights"):
            self.attempt(crowd, tmp_path, init_from="imagenet")
