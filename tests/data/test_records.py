import shutil
import subprocess
import sys

import pytest

from keras_reid.data import Record, load_dataset
from keras_reid.data.records import (
    check_evaluation_records,
    check_training_records,
    class_labels,
    fingerprint,
    queries_without_match,
)
from keras_reid.errors import ReIDError
from tests.data import trees


def seen(pid, camid, split="gallery"):
    return Record(f"{split}/{pid}_{camid}.jpg", pid, camid, split)


def test_class_labels_number_people_in_order_of_their_pid():
    assert class_labels([seen(7, 1), seen(2, 1), seen(7, 2), seen(30, 1)]).tolist() == [1, 0, 1, 2]


def test_a_match_needs_the_same_person_through_another_camera():
    gallery = [seen(1, 1), seen(2, 1), seen(2, 2), seen(0, 5), seen(0, 6)]
    query = [seen(1, 1), seen(1, 2), seen(2, 1), seen(3, 1), seen(0, 1)]
    # In turn: own camera only; another camera; one of two; nobody; a distractor.
    assert queries_without_match(query, gallery).tolist() == [True, False, False, True, True]


def test_nothing_to_learn_from_is_refused():
    with pytest.raises(ReIDError, match="no training image"):
        check_training_records([])
    with pytest.raises(ReIDError, match="all 2 training images show person 4"):
        check_training_records([seen(4, 1), seen(4, 2)])
    with pytest.raises(ReIDError, match="pid 0 stands for distractors"):
        check_training_records([seen(0, 1), seen(4, 2)])
    check_training_records([seen(4, 1), seen(5, 1)])


def test_nothing_to_measure_is_refused():
    with pytest.raises(ReIDError, match="no query image"):
        check_evaluation_records([], [seen(1, 1)])
    with pytest.raises(ReIDError, match="no gallery image"):
        check_evaluation_records([seen(1, 1)], [])
    with pytest.raises(ReIDError, match="none of the 1 queries has a gallery image"):
        check_evaluation_records([seen(1, 1)], [seen(1, 1), seen(2, 2)])
    check_evaluation_records([seen(1, 1), seen(2, 1)], [seen(1, 2)])


def test_the_fingerprint_does_not_depend_on_the_place(tmp_path):
    here = load_dataset("market1501", trees.market1501(tmp_path / "here"))
    shutil.copytree(tmp_path / "here", tmp_path / "far" / "away")
    there = load_dataset("market1501", tmp_path / "far" / "away")
    assert here.fingerprint() == there.fingerprint()
    assert len(here.fingerprint()) == 16
    assert fingerprint(here.records[::-1], here.root) == here.fingerprint()


def test_the_fingerprint_sees_names_sizes_labels_and_splits(tmp_path):
    dataset = load_dataset("market1501", trees.market1501(tmp_path))
    record = dataset.train[0]
    changed = [
        [record._replace(pid=99)],
        [record._replace(camid=99)],
        [record._replace(split="query")],
        [dataset.train[1]._replace(pid=record.pid, camid=record.camid)],
    ]
    digests = [fingerprint(records, tmp_path) for records in [[record], *changed]]
    with open(record.path, "ab") as file:
        file.write(b"\0")
    digests.append(fingerprint([record], tmp_path))
    assert len(set(digests)) == len(digests)


def test_images_outside_the_root_keep_the_fingerprint_portable(tmp_path):
    prints = []
    for place in ("one", "two"):
        trees.write_images(tmp_path / place / "images", ["a.jpg"])
        record = Record(str(tmp_path / place / "images" / "a.jpg"), 1, 1, "train")
        prints.append(fingerprint([record], tmp_path / "elsewhere"))
    assert prints[0] == prints[1]


def test_a_file_that_vanished_is_named(tmp_path):
    with pytest.raises(ReIDError, match="cannot read .*gone.jpg"):
        fingerprint([Record(str(tmp_path / "gone.jpg"), 1, 1, "train")], tmp_path)


def test_labels_are_read_without_tensorflow():
    code = "import sys, keras_reid.data; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
