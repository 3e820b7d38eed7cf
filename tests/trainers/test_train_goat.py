"""Defended training on a tiny crowd: what a run leaves, resuming, several devices, bad input."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.data import load_dataset
from keras_reid.data.records import Record
from keras_reid.errors import ReIDError
from keras_reid.models import build_reid_model, load_model
from tests.trainers.crowd import tiny, write_crowd
from trainers.goat import resolve, train
from trainers.goat.offline import adversarial_records
from trainers.goat.train import data_remarks


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    return write_crowd(tmp_path_factory.mktemp("data") / "crowd")


@pytest.fixture(scope="module")
def records(crowd):
    return load_dataset("market1501", crowd).train


def read_checkpoint(workdir):
    """{name: array} of the newest checkpoint."""
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(workdir / "checkpoints")))
    names = reader.get_variable_to_shape_map()
    return {name: reader.get_tensor(name) for name in names if name[0] != "_"}


class TestARun:
    def test_offline_attacks_once_and_trains_on_both(self, crowd, tmp_path):
        clean = tmp_path / "clean.keras"
        build_reid_model(
            "small", (32, 16), 6, head="strong", last_stride=1, stripes=2
        ).save(str(clean))  # fmt: skip
        config = resolve(**tiny(crowd, defense="offline", init_from=str(clean), epochs=1, n_push=2,
                                pull="prototype"))  # fmt: skip
        result = train(config, tmp_path / "run", stream=io.StringIO())
        assert result["finished"] and result["steps"] == 12  # 72 images, 6 at a time
        assert {"score_map"} == set(result["validation"])
        files = sorted((tmp_path / "run" / "adversarial").iterdir())
        assert len(files) == 36
        entries = [json.loads(line) for line in
                   (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]  # fmt: skip
        assert {"validation_map", "validation_robust_map", "validation_robust_rank1",
                "validation_score", "validation_score_map"} <= set(entries[-1])  # fmt: skip
        # Made once: a start that is gone is not asked again.
        clean.unlink()
        records, stream = [Record("a.png", 1, 1, "train")], io.StringIO()
        (found,) = adversarial_records(config, records, tmp_path / "run" / "adversarial", stream)
        assert found.path == str(files[0]) and stream.getvalue() == ""

    def test_a_triplet_model_in_half_precision_with_odfa(self, crowd, tmp_path):
        config = resolve(**tiny(crowd, loss="triplet", attack="odfa", mixed_precision="bfloat16",
                                epochs=1, held_out=0.0))  # fmt: skip
        result = train(config, tmp_path, stream=io.StringIO())
        assert result["finished"] and result["validation"] == {}
        assert load_model(tmp_path).logits is None


RESUMED = """
import io, os, signal, sys
from tests.trainers.crowd import tiny
from trainers.goat import resolve, train
from trainers.goat.task import GoatTask

data, runs = sys.argv[1:]
config = resolve(**tiny(data, deterministic=True, cache_images=False, adversarial_ratio=0.5,
                        held_out=0.0))

def go(name):
    train(config, f"{runs}/{name}", stream=io.StringIO())

go("straight")
batches = GoatTask.batches
def interrupting(self, first):
    for number, batch in enumerate(batches(self, first), 1):
        if number == 11:
            os.kill(os.getpid(), signal.SIGINT)
        yield batch
GoatTask.batches = interrupting
try:
    go("resumed")
except KeyboardInterrupt:
    print("interrupted")
GoatTask.batches = batches
go("resumed")
"""


@pytest.mark.slow
def test_resumed_inside_an_epoch_equals_straight_bit_for_bit(crowd, tmp_path):
    # In a process of its own: deterministic kernels stay switched on for good.
    done = subprocess.run(
        [sys.executable, "-c", RESUMED, str(crowd), str(tmp_path)], capture_output=True, text=True
    )
    assert "interrupted" in done.stdout, done.stderr
    straight, resumed = (read_checkpoint(tmp_path / name) for name in ("straight", "resumed"))
    assert int(straight["step/.ATTRIBUTES/VARIABLE_VALUE"]) == 16, done.stderr
    bank = [name for name in straight if name.startswith("bank_")]
    assert len(bank) == 2 and any(straight[name].any() for name in bank)
    for name, value in straight.items():
        if "save_counter" not in name:
            np.testing.assert_array_equal(resumed[name], value, err_msg=name)


MIRRORED = """
import io, sys, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tests.trainers.crowd import tiny
from trainers.goat import resolve, train
from keras_reid.errors import ReIDError

data, runs = sys.argv[1:]
settings = tiny(data, strategy="mirrored", epochs=1, persons=4, pull="prototype", n_push=1)
try:
    train(resolve(**settings, attack_batch_norm="batch"), runs + "/batch", stream=io.StringIO())
except ReIDError as error:
    print(error)
result = train(resolve(**settings, mixed_precision="float16"), runs + "/mirrored")
print("trained", result["finished"])
"""


@pytest.mark.slow
def test_mirrored_in_half_precision_on_two_devices(crowd, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", MIRRORED, str(crowd), str(tmp_path)], capture_output=True, text=True
    )
    assert "trained True" in done.stdout, done.stderr
    assert "--attack_batch_norm=batch works on one device" in done.stdout


class TestBadInput:
    def attempt(self, data, tmp_path, **changes):
        train(resolve(**tiny(data, **changes)), tmp_path / "run", stream=io.StringIO())

    def test_more_pushes_than_anybody_has(self, crowd, tmp_path):
        with pytest.raises(ReIDError, match="n_push=9 needs a person with 10 images"):
            self.attempt(crowd, tmp_path, n_push=9)
        # Nothing is lost: the workdir takes no other configuration, but holds no half-made model.
        assert not (tmp_path / "run" / "model.keras").exists()

    def test_people_short_of_pushes_are_told(self, crowd, records, tmp_path):
        config = resolve(**tiny(crowd))
        fewer = [r for r in records if r.pid > 2 or r.camid == 1][1:]
        told = data_remarks(config, [*fewer[:1], *(r for r in fewer if r.pid > 1)])
        assert told == [
            "people with fewer than 5 images: 1; theirs are pushed from as many as there are",
            "people with one image: 1; it is pushed from another view of itself",
        ]

    def test_a_start_of_another_size(self, crowd, tmp_path):
        other = tmp_path / "other.keras"
        build_reid_model("small", (64, 32)).save(str(other))
        with pytest.raises(ReIDError, match="no model of ours for crops of 32,16"):
            self.attempt(crowd, tmp_path, defense="offline", init_from=str(other))

    def test_a_damaged_start(self, crowd, tmp_path):
        damaged = tmp_path / "damaged.keras"
        damaged.write_bytes(b"no model")
        for defense in ("goat", "offline"):
            with pytest.raises(ReIDError, match="damaged.keras"):
                self.attempt(crowd, tmp_path / defense, defense=defense, init_from=str(damaged))
