import pytest

from keras_reid.data import load_dataset
from keras_reid.errors import ReIDError
from tests.data import trees


def test_splits_labels_and_cameras_come_from_folders_and_names(tmp_path):
    dataset = load_dataset("market1501", trees.market1501(tmp_path))
    assert [(r.pid, r.camid) for r in dataset.train] == [
        (2, 1), (2, 2), (2, 3), (7, 1), (7, 2), (10, 6),
    ]  # fmt: skip
    assert [(r.pid, r.camid) for r in dataset.query] == [(1, 1), (3, 2)]
    assert [r.split for r in dataset.query] == ["query", "query"]


def test_distractors_stay_in_the_gallery_and_junk_is_set_aside(tmp_path):
    dataset = load_dataset("market1501", trees.market1501(tmp_path))
    assert [r.pid for r in dataset.gallery] == [0, 0, 1, 1, 3]
    assert [r.pid for r in dataset.junk] == [-1]


def test_the_folder_above_the_unpacked_archive_will_do(tmp_path):
    trees.market1501(tmp_path / "Market-1501-v15.09.15")
    assert len(load_dataset("market1501", tmp_path).train) == len(trees.MARKET_TRAIN)


def test_duke_needs_an_acknowledgement(tmp_path):
    for folder, name in [
        ("bounding_box_train", "0001_c2_f0046182.jpg"),
        ("query", "0005_c2_f0046985.jpg"),
        ("bounding_box_test", "0005_c8_f0054373.jpg"),
    ]:
        trees.write_images(tmp_path / folder, [name])
    with pytest.raises(ReIDError, match="withdrawn"):
        load_dataset("dukemtmc", tmp_path)
    dataset = load_dataset("dukemtmc", tmp_path, acknowledge_withdrawn=True)
    assert [(r.pid, r.camid) for r in dataset.gallery] == [(5, 8)]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ReIDError, match="no data folder .*nowhere"):
        load_dataset("market1501", tmp_path / "nowhere")
    with pytest.raises(ReIDError, match="lacks bounding_box_train, query, bounding_box_test"):
        load_dataset("market1501", tmp_path)


def test_an_empty_folder_is_named(tmp_path):
    for folder in ("bounding_box_train", "query", "bounding_box_test"):
        (tmp_path / folder).mkdir()
    with pytest.raises(ReIDError, match="bounding_box_train holds no JPEG or PNG"):
        load_dataset("market1501", tmp_path)


def test_a_name_that_does_not_parse_is_named(tmp_path):
    root = trees.market1501(tmp_path)
    trees.write_images(root / "query", ["holiday.jpg"])
    with pytest.raises(ReIDError, match="holiday.jpg does not say who"):
        load_dataset("market1501", root)


def test_an_unknown_data_set_lists_the_known_ones(tmp_path):
    with pytest.raises(ReIDError, match="known are .*market1501"):
        load_dataset("marked1501", tmp_path)
