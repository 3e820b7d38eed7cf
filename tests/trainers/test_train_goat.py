"""Defended training on a tiny crowd: what a step sees, what a run leaves, resuming, bad input."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.data import load_dataset
from keras_reid.data.records import class_labels
from keras_reid.defenses.memory_bank import MemoryBank
from keras_reid.errors import ReIDError
from keras_reid.models import build_reid_model, load_model
from tests.trainers.crowd import tiny, write_crowd
from trainers.goat import resolve, train
from trainers.goat.crafting import image_keys
from trainers.goat.task import GoatTask, MadvTask
from trainers.replicas import make_strategy


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    return write_crowd(tmp_path_factory.mktemp("data") / "crowd")


@pytest.fixture(scope="module")
def records(crowd):
    return load_dataset("market1501", crowd).train


def make_task(records, crowd, kind=GoatTask, **changes):
    config = resolve(**tiny(crowd, held_out=0.0, **changes))
    return kind(config, records, (), make_strategy("none"))


def read_checkpoint(workdir):
    """{name: array} of the newest checkpoint."""
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(workdir / "checkpoints")))
    names = reader.get_variable_to_shape_map()
    return {name: reader.get_tensor(name) for name in names if name[0] != "_"}


class TestAStep:
    def test_the_batch_is_attacked_within_the_ball_and_no_average_moves(self, records, crowd):
        task = make_task(records, crowd, n_push=2, adversarial_ratio=0.5)
        task.begin_epoch(0)
        views, labels, keys = next(iter(task.batches(0)))
        assert views.shape == (6, 4, 32, 16, 3) and labels.shape == (6, 4)
        before = [np.array(v) for v in task.model.network.non_trainable_variables]
        images, own = tf.function(task.defended)(views, labels, keys)
        after = [np.array(v) for v in task.model.network.non_trainable_variables]
        assert len(before) > 10
        for one, other in zip(before, after, strict=True):
            np.testing.assert_array_equal(one, other)
        change = np.abs(images - views[:, 0]).max(axis=(1, 2, 3))
        assert (change > 1e-4).sum() == 3 and change.max() <= 5 / 255 + 1e-6
        np.testing.assert_array_equal(own, labels[:, 0])

    def test_pulls_are_of_the_person_that_the_bank_finds(self, records, crowd):
        task = make_task(records, crowd, n_push=1, n_pull=2)
        task.begin_epoch(0)
        bank = MemoryBank(class_labels(records), 160)
        bank.refresh(
            np.concatenate([task.model.embed(p / np.float32(255)) for p in task._training_pixels()])
        )
        furthest = {}
        for label, far in zip(class_labels(records), bank.furthest, strict=True):
            furthest.setdefault(label, set()).add(far)
        for _, (_, labels, _) in zip(range(4), task.batches(0), strict=False):
            labels = labels.numpy()
            assert (labels[:, 1] == labels[:, 0]).all()
            assert (labels[:, 2:] == labels[:, 2:3]).all()
            assert all(row[2] in furthest[row[0]] and row[2] != row[0] for row in labels)

    def test_every_epoch_asks_the_bank_anew(self, records, crowd):
        task = make_task(records, crowd, n_push=0, n_pull=1)
        count = len(records)
        labels = class_labels(records)
        batches = task.batches(0)
        for epoch, shift in enumerate((1, 3)):
            task._bank._furthest.assign((labels + shift) % 8)
            for _ in range(task.steps_per_epoch):
                seen = next(batches)[1].numpy()
                assert (seen[:, 1] == (seen[:, 0] + shift) % 8).all(), epoch
        assert count // task.batch_size == task.steps_per_epoch

    def test_halves_share_the_loss_and_consistency_is_added(self, records, crowd):
        task = make_task(
            records, crowd, MadvTask, defense="madv", consistency_weight=2.0, n_push=0, n_pull=0
        )
        views, labels, keys = next(iter(task.batches(0)))
        images, doubled = task.defended(views, labels, keys)
        np.testing.assert_array_equal(images[:6], views[:, 0])
        outputs = task.model.network(images, training=False)
        parts = {name: value.numpy() for name, value in task.losses(outputs, doubled).items()}
        whole = super(MadvTask, task).losses(outputs, doubled)["loss"].numpy()
        np.testing.assert_allclose(parts["clean_loss"], whole[:6])
        np.testing.assert_allclose(parts["adversarial_loss"], whole[6:])
        np.testing.assert_allclose(
            parts["loss"], (whole[:6] + whole[6:]) / 2 + 2 * parts["consistency"], rtol=1e-5
        )
        values = task.train_step(views, labels, keys)
        assert np.isfinite(float(values["loss"])) and "consistency" in values

    def test_no_two_images_share_a_key(self):
        keys = np.concatenate([image_keys(2**31 - 1, step, 6) for step in range(3)])
        assert len(set(keys)) == 18 and (keys > 0).all()


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
        assert {"mean_map"} == set(result["validation"])
        files = sorted((tmp_path / "run" / "adversarial").iterdir())
        assert len(files) == 36
        entries = [json.loads(line) for line in
                   (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]  # fmt: skip
        assert {"validation_map", "validation_robust_map", "validation_robust_rank1",
                "validation_mean_map"} <= set(entries[-1])  # fmt: skip
        times = [path.stat().st_mtime_ns for path in files]
        assert train(config, tmp_path / "run", stream=io.StringIO())["finished"]
        assert times == [path.stat().st_mtime_ns for path in files]

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
        from trainers.goat.train import data_remarks

        config = resolve(**tiny(crowd))
        fewer = [r for r in records if r.pid > 2 or r.camid == 1][1:]
        told = data_remarks(config, [*fewer[:1], *(r for r in fewer if r.pid > 1)])
        assert told == [
            "1 people have fewer than 5 images; theirs are pushed from as many as there are",
            "1 people have one image each; it is pushed from another view of itself",
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
