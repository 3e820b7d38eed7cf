import pathlib

import pytest

from keras_reid.data import load_dataset
from keras_reid.errors import ReIDError
from tests.data import trees


@pytest.mark.parametrize("release", ["V1", "V2"])
def test_both_releases_read_alike(tmp_path, release):
    dataset = load_dataset("msmt17", trees.msmt17(tmp_path, release))
    # Labels count from 0 in each part: training people become 1, 2 and test people 3, 4.
    assert [(r.pid, r.camid) for r in dataset.train] == [(1, 1), (1, 14), (2, 5)]
    assert [(r.pid, r.camid) for r in dataset.query] == [(3, 2)]
    assert [(r.pid, r.camid) for r in dataset.gallery] == [(3, 7), (4, 12)]


def test_validation_images_join_the_training_on_request(tmp_path):
    dataset = load_dataset("msmt17", trees.msmt17(tmp_path / "MSMT17_V1"), include_val=True)
    assert [(r.pid, r.camid) for r in dataset.train][-1] == (2, 3)
    assert [r.pid for r in dataset.query] == [3]


def test_a_line_that_does_not_parse_is_named(tmp_path):
    trees.msmt17(tmp_path)
    (tmp_path / "list_query.txt").write_text("0000/stranger.jpg 0\n")
    with pytest.raises(ReIDError, match="list_query.txt line 1 does not parse"):
        load_dataset("msmt17", tmp_path)


def test_a_list_that_is_no_text_or_cannot_be_read_is_named(tmp_path, monkeypatch):
    trees.msmt17(tmp_path)
    (tmp_path / "list_query.txt").write_bytes(b"0000/\xff.jpg 0\n")
    with pytest.raises(ReIDError, match="cannot read .*list_query.txt as a list in UTF-8"):
        load_dataset("msmt17", tmp_path)

    def denied(path, **_):
        # Not by chmod: whoever runs the tests as root may read everything.
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(pathlib.Path, "read_text", denied)
    with pytest.raises(ReIDError, match="cannot read .*list_train.txt.*Permission denied"):
        load_dataset("msmt17", tmp_path)


def test_a_listed_image_that_is_not_there_is_named(tmp_path):
    trees.msmt17(tmp_path)
    next((tmp_path / "test" / "0001").iterdir()).unlink()
    with pytest.raises(ReIDError, match="names 1 of 6 images that do not exist, first .*0001_000"):
        load_dataset("msmt17", tmp_path)


def test_missing_lists_and_folders_are_named(tmp_path):
    with pytest.raises(ReIDError, match="lacks list_train.txt, list_query.txt, list_gallery.txt"):
        load_dataset("msmt17", tmp_path)
    trees.msmt17(tmp_path)
    (tmp_path / "train").rename(tmp_path / "training")
    with pytest.raises(ReIDError, match="neither train and test nor mask_train_v2"):
        load_dataset("msmt17", tmp_path)
