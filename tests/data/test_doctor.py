import json
import re
import shutil

import pytest

from keras_reid.data import load_dataset
from keras_reid.data.doctor import CHECKS, ERROR, OK, WARN, examine
from tests.data import trees

HEALTHY = [
    "a.jpg,1,1,train", "b.jpg,1,2,train", "c.jpg,2,1,train", "d.jpg,2,3,train",
    "q.jpg,3,1,query", "r.jpg,4,2,query",
    "g.jpg,3,2,gallery", "h.jpg,4,1,gallery", "i.jpg,0,1,gallery", "j.jpg,-1,1,gallery",
]  # fmt: skip


def examine_rows(root, rows):
    return examine(load_dataset("csv", trees.table(root, rows)))


def findings(diagnosis):
    return {finding.name: finding for finding in diagnosis.findings}


def test_healthy_data_passes_every_check(tmp_path):
    diagnosis = examine_rows(tmp_path, HEALTHY)
    assert diagnosis.level == OK, diagnosis.findings
    assert [finding.name for finding in diagnosis.findings] == [c.__name__ for c in CHECKS]


def test_counts_leave_distractors_out_of_the_identities(tmp_path):
    counts = {row.split: row for row in examine_rows(tmp_path, HEALTHY).splits}
    assert (counts["train"].images, counts["train"].identities, counts["train"].cameras) == (
        4,
        2,
        3,
    )
    assert (counts["gallery"].images, counts["gallery"].identities) == (3, 2)
    assert counts["junk"].images == 1


def without(*names):
    return [row for row in HEALTHY if row.split(",")[0] not in [f"{name}.jpg" for name in names]]


def swapped(old, new):
    assert old in HEALTHY
    return [new if row == old else row for row in HEALTHY]


WRONG = {
    "training_people": [
        (without("c", "d"), ERROR, 1, "all training images show one person"),
        (without("a", "b", "c", "d"), WARN, 0, "evaluation only"),
    ],
    "evaluation_splits": [
        (without("q", "r"), ERROR, 0, "no query image"),
        (without("g", "h", "i"), ERROR, 0, "no gallery image"),
        (without("q", "r", "g", "h", "i"), WARN, 0, "training only"),
    ],
    "special_pids": [(swapped("a.jpg,1,1,train", "a.jpg,0,1,train"), ERROR, 1, "have pid 0")],
    "single_images": [(without("b"), WARN, 1, "1 of 2 training people have one image")],
    "one_camera": [
        (swapped("b.jpg,1,2,train", "b.jpg,1,1,train"), WARN, 1, "1 of 4 people are seen by one")
    ],
    "unmatched_queries": [
        (without("g"), WARN, 1, "1 of 2 queries have no match .*q.jpg"),
        (without("g", "h"), ERROR, 2, "evaluation would be empty"),
    ],
    "shared_people": [
        (swapped("d.jpg,2,3,train", "d.jpg,4,3,train"), ERROR, 1, "1 people are .* first pid 4")
    ],
    "leaked_images": [
        ([*HEALTHY, "a.jpg,5,1,gallery"], ERROR, 1, "1 pictures .*a.jpg and .*a.jpg")
    ],
    "given_answers": [([*HEALTHY, "q.jpg,3,5,gallery"], ERROR, 1, "their own picture .*q.jpg")],
    "repeated_images": [
        ([*HEALTHY, "a.jpg,1,1,train"], WARN, 1, "twice in one split, 0 under two people"),
        ([*HEALTHY, "a.jpg,2,1,train"], WARN, 1, "twice in one split, 1 under two people"),
    ],
}
CASES = [(name, *case) for name, cases in WRONG.items() for case in cases]


@pytest.mark.parametrize(("name", "rows", "level", "figure", "sentence"), CASES)
def test_each_fault_turns_its_check(tmp_path, name, rows, level, figure, sentence):
    finding = findings(examine_rows(tmp_path, rows))[name]
    assert (finding.level, finding.figure) == (level, figure)
    assert re.search(sentence, finding.sentence), finding.sentence


def test_every_check_that_can_fail_is_made_to():
    by_file = {"unreadable_images", "image_sizes"}  # below
    counted_only = {"distractors", "junk"}
    assert {check.__name__ for check in CHECKS} == set(WRONG) | by_file | counted_only


def test_copies_are_found_by_content_whatever_their_name(tmp_path):
    trees.table(tmp_path, [*HEALTHY, "copy.jpg,5,1,gallery"])
    shutil.copy(tmp_path / "a.jpg", tmp_path / "copy.jpg")
    diagnosis = examine(load_dataset("csv", tmp_path / "people.csv"))
    assert findings(diagnosis)["leaked_images"].figure == 1


def test_a_querys_own_picture_under_the_same_camera_is_dropped_by_the_protocol(tmp_path):
    diagnosis = examine_rows(tmp_path, [*HEALTHY, "q.jpg,3,1,gallery"])
    assert findings(diagnosis)["given_answers"].level == OK


def test_unreadable_images_are_counted_and_the_first_is_named(tmp_path):
    path = trees.table(tmp_path, HEALTHY)
    for name in ("b.jpg", "g.jpg"):
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:200])
    finding = findings(examine(load_dataset("csv", path)))["unreadable_images"]
    assert (finding.level, finding.figure) == (ERROR, 2)
    assert "b.jpg: truncated" in finding.sentence


def test_unreadable_junk_harms_nobody(tmp_path):
    path = trees.table(tmp_path, HEALTHY)
    (tmp_path / "j.jpg").write_bytes(b"")
    assert examine(load_dataset("csv", path)).level == OK


@pytest.mark.parametrize(
    ("size", "sentence"),
    [
        ({"height": 20, "width": 40}, "wider than high"),
        ({"height": 12, "width": 6}, "10 are lower"),
    ],
)
def test_images_that_are_no_crops_of_people_are_remarked(tmp_path, size, sentence):
    rows = [row for row in HEALTHY if not row.startswith("j")] + ["k.jpg,0,2,gallery"]
    path = trees.table(tmp_path, rows)
    for seed, row in enumerate(rows):
        (tmp_path / row.split(",")[0]).write_bytes(trees.encoded(seed, **size))
    finding = findings(examine(load_dataset("csv", path)))["image_sizes"]
    assert finding.level == WARN and sentence in finding.sentence


def test_sizes_are_summed_up(tmp_path):
    path = trees.table(tmp_path, HEALTHY)
    (tmp_path / "a.jpg").write_bytes(trees.encoded(9, height=128, width=64))
    sentence = findings(examine(load_dataset("csv", path)))["image_sizes"].sentence
    assert sentence == "median height x width 16 x 8, smallest 16 x 8, largest 128 x 64"


def test_special_images_are_counted(tmp_path):
    found = findings(examine(load_dataset("market1501", trees.market1501(tmp_path))))
    assert found["distractors"].figure == 2
    assert found["junk"].figure == 1


def test_the_diagnosis_is_plain_json(tmp_path):
    diagnosis = examine_rows(tmp_path, without("g"))
    value = json.loads(json.dumps(diagnosis.as_dict()))
    assert value["level"] == WARN
    assert value["splits"][0] == {"split": "train", "images": 4, "identities": 2, "cameras": 3}
    assert {"level", "name", "figure", "sentence"} == set(value["findings"][0])


def test_progress_is_told_to_the_end(tmp_path):
    told = []
    dataset = load_dataset("csv", trees.table(tmp_path, HEALTHY))
    examine(dataset, progress=lambda *done: told.append(done))
    assert told == [(number, 9) for number in range(1, 10)]
