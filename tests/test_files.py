"""Files that nobody ever sees half of."""

import json

import pytest

from keras_reid.errors import ReIDError
from keras_reid.files import aside, check_writable, write_json


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "new" / "file.txt"
    with aside(path) as draft:
        draft.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(KeyError), aside(path) as draft:
        draft.write_text("half")
        raise KeyError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_json_is_replaced(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    write_json(path, {"b": [2]})
    assert json.loads(path.read_text()) == {"b": [2]}


def test_a_place_that_can_be_written_stays_empty(tmp_path):
    check_writable(tmp_path / "new" / "file.txt")
    assert list((tmp_path / "new").iterdir()) == []


def test_a_place_that_cannot_be_written_gets_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "x.json", "/proc/nowhere/x.json"):
        with pytest.raises(ReIDError, match="choose a folder"):
            check_writable(path)
        with pytest.raises(ReIDError, match="choose a folder"):
            write_json(path, {})
    with pytest.raises(ReIDError, match="it is a folder"):
        check_writable(tmp_path)
