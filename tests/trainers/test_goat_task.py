"""What a step of defended training sees: its attacked batch, its guides, its loss."""

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.data import load_dataset
from keras_reid.data.records import class_labels
from keras_reid.defenses.memory_bank import MemoryBank
from tests.trainers.crowd import tiny, write_crowd
from trainers.goat import resolve
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


def test_the_batch_is_attacked_within_the_ball_and_no_average_moves(records, crowd):
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


def test_pulls_are_of_the_person_that_the_bank_finds(records, crowd):
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


def test_every_epoch_asks_the_bank_anew(records, crowd):
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


def test_halves_share_the_loss_and_consistency_is_added(records, crowd):
    task = make_task(
        records,
        crowd,
        MadvTask,
        defense="madv",
        consistency_weight=2.0,
        n_push=0,
        n_pull=0,
        attack_steps=1,
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


def test_no_two_images_share_a_key():
    keys = np.concatenate([image_keys(2**31 - 1, step, 6) for step in range(3)])
    assert len(set(keys)) == 18 and (keys > 0).all()
