import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.data import load_dataset
from keras_reid.data.augment import NO_AUGMENTATION, Augmentation
from keras_reid.data.identity_batches import IdentityBatches, ShuffledBatches
from keras_reid.data.images import pixel_batches, read_pixels, to_images
from keras_reid.data.pipeline import (
    evaluation_batches,
    load_pixels,
    naming_bad_images,
    training_batches,
)
from keras_reid.data.readable import readable_records
from keras_reid.data.records import class_labels, pids_of
from keras_reid.errors import ReIDError
from tests.data import trees

SIZE = (24, 12)


@pytest.fixture
def train(tmp_path):
    """Ten people with three images each, in files of Market-1501's names."""
    names = [f"{pid:04d}_c{cam}s1_000000_00.jpg" for pid in range(3, 33, 3) for cam in (1, 2, 3)]
    root = trees.market1501(tmp_path / "market")
    for path in (root / "bounding_box_train").iterdir():
        path.unlink()
    trees.write_images(root / "bounding_box_train", names, 700)
    return list(load_dataset("market1501", root).train)


def sampler_of(records, seed=3):
    return IdentityBatches(pids_of(records), persons=4, images_each=2, seed=seed)


def take(dataset, count):
    return [(images.numpy(), labels.numpy()) for images, labels in itertools.islice(dataset, count)]


def assert_equal(ours, theirs):
    assert len(ours) == len(theirs)
    for (images, labels), (other_images, other_labels) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(images, other_images)
        np.testing.assert_array_equal(labels, other_labels)


@pytest.mark.parametrize("cache", [False, True])
def test_a_batch_is_the_samplers_images_with_their_labels(train, cache):
    sampler = sampler_of(train)
    dataset = training_batches(
        train, sampler, SIZE, augmentation=NO_AUGMENTATION, start_step=5, cache=cache
    )
    for step, (images, labels) in enumerate(take(dataset, 3), 5):
        chosen = sampler.indices(step)
        np.testing.assert_array_equal(labels, class_labels(train)[chosen])
        for image, index in zip(images, chosen, strict=True):
            expected = to_images(read_pixels(train[index].path, SIZE))
            np.testing.assert_array_equal(image, expected)


def test_shapes_are_known_before_anything_is_read(train):
    images, labels = training_batches(train, sampler_of(train), SIZE).element_spec
    assert images == tf.TensorSpec([8, 24, 12, 3], tf.float32)
    assert labels == tf.TensorSpec([8], tf.int32)


@pytest.mark.parametrize("cache", [False, True])
@pytest.mark.parametrize("kind", ["identity", "shuffled"])
def test_resuming_equals_the_straight_run_bit_for_bit(train, cache, kind):
    sampler = sampler_of(train) if kind == "identity" else ShuffledBatches(len(train), 8, seed=3)
    settings = {"augmentation": Augmentation(erase_with="noise"), "cache": cache}
    straight = take(training_batches(train, sampler, SIZE, **settings), 9)
    resumed = take(training_batches(train, sampler, SIZE, start_step=6, **settings), 3)
    assert_equal(straight[6:], resumed)
    assert not np.array_equal(straight[0][0], straight[1][0])


def test_memory_and_files_give_the_same_batches(train):
    from_files = training_batches(train, sampler_of(train), SIZE)
    from_memory = training_batches(train, sampler_of(train), SIZE, cache=True)
    assert_equal(take(from_files, 4), take(from_memory, 4))
    memory = load_pixels(train, SIZE)
    again = training_batches(train, sampler_of(train), SIZE, memory=memory)
    assert_equal(take(from_files, 4), take(again, 4))


class EverythingInOrder:
    """A sampler that puts every image into the same place of every batch."""

    def __init__(self, count, seed):
        self.batch_size, self.seed = count, seed

    def indices(self, step):
        return np.arange(self.batch_size)


def test_an_image_is_augmented_otherwise_at_another_step_and_seed(train):
    def images(seed, step):
        sampler = EverythingInOrder(len(train), seed)
        return take(training_batches(train, sampler, SIZE, start_step=step), 1)[0][0]

    first = images(seed=0, step=0)
    np.testing.assert_array_equal(images(seed=0, step=0), first)
    for other in (images(seed=0, step=1), images(seed=1, step=0)):
        same = [np.array_equal(a, b) for a, b in zip(first, other, strict=True)]
        assert sum(same) <= 1  # 21 x 21 offsets: a repetition by chance is rare


def test_the_cache_reads_every_file_once(train):
    dataset = training_batches(train, sampler_of(train), SIZE, cache=True)
    for record in train:
        os.remove(record.path)
    assert len(take(dataset, 5)) == 5


def test_values_stay_in_pixel_space(train):
    images, _ = take(training_batches(train, sampler_of(train), SIZE), 1)[0]
    assert images.min() >= 0 and images.max() <= 1


def test_evaluation_keeps_order_and_the_last_short_batch(train):
    batches = list(evaluation_batches(train, SIZE, batch_size=8))
    assert [len(batch) for batch in batches] == [8, 8, 8, 6]
    expected = to_images(np.stack([read_pixels(record.path, SIZE) for record in train]))
    np.testing.assert_array_equal(np.concatenate(batches), expected)


def test_pixel_batches_are_arrays_in_order(train):
    batches = list(pixel_batches(train, SIZE, 8))
    assert all(isinstance(batch, np.ndarray) and batch.dtype == np.uint8 for batch in batches)
    np.testing.assert_array_equal(np.concatenate(batches), load_pixels(train, SIZE))


def test_no_records_are_no_batches():
    assert list(pixel_batches([], SIZE, 8)) == []
    assert load_pixels([], SIZE).shape == (0, *SIZE, 3)


def truncate(record):
    with open(record.path, "rb") as file:
        data = file.read()
    with open(record.path, "wb") as file:
        file.write(data[: len(data) // 2])


def test_evaluation_refuses_an_unreadable_image_by_name(train):
    truncate(train[13])
    with pytest.raises(ReIDError, match=f"cannot read the image {train[13].path}: truncated"):
        list(evaluation_batches(train, SIZE, batch_size=8))


def test_several_unreadable_images_are_counted(train):
    truncate(train[4])
    os.remove(train[7].path)
    with pytest.raises(ReIDError, match=r"image .* \(and 1 more\): truncated"):
        load_pixels(train, SIZE)


def test_training_names_an_unreadable_image(train):
    truncate(train[2])
    with pytest.raises(ReIDError, match=train[2].path):
        training_batches(train, sampler_of(train), SIZE, cache=True)
    sampler = ShuffledBatches(len(train), len(train))
    with pytest.raises(ReIDError, match=train[2].path), naming_bad_images(train):
        take(training_batches(train, sampler, SIZE), 1)


def test_a_failure_of_another_kind_passes_unchanged(train):
    with pytest.raises(tf.errors.InvalidArgumentError), naming_bad_images(train):
        tf.debugging.assert_equal(1, 2)


def test_training_can_skip_unreadable_images(train):
    truncate(train[2])
    os.remove(train[9].path)
    told = []
    readable, skipped = readable_records(train, progress=lambda *done: told.append(done))
    assert readable == [r for i, r in enumerate(train) if i not in (2, 9)]
    assert [record for record, _ in skipped] == [train[2], train[9]]
    assert "truncated" in skipped[0][1] and "no such file" in skipped[1][1]
    assert told[-1] == (30, 30)
    assert len(take(training_batches(readable, sampler_of(readable), SIZE), 10)) == 10


TWO_REPLICAS = """
import sys
import numpy as np
import tensorflow as tf
from keras_reid.data import load_dataset
from keras_reid.data.identity_batches import IdentityBatches
from keras_reid.data.pipeline import training_batches
from keras_reid.data.records import pids_of

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])
train = load_dataset("market1501", sys.argv[1]).train
batches = training_batches(train, IdentityBatches(pids_of(train), 4, 2, seed=3), (24, 12))
distributed = iter(strategy.experimental_distribute_dataset(batches))
for images, labels in batches.take(3):
    parts = strategy.experimental_local_results(next(distributed))
    assert [len(part[1]) for part in parts] == [4, 4]
    np.testing.assert_array_equal(np.concatenate([part[0] for part in parts]), images)
    np.testing.assert_array_equal(np.concatenate([part[1] for part in parts]), labels)
    for _, part in parts:  # whole people to each replica, so that triplets can be mined there
        assert (np.bincount(part)[np.unique(part)] == 2).all()
"""


def test_two_replicas_share_a_batch_by_whole_people(train):
    root = os.path.dirname(os.path.dirname(train[0].path))
    done = subprocess.run(
        [sys.executable, "-c", TWO_REPLICAS, root], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
