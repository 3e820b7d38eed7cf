import pytest

from keras_reid.data import load_dataset
from keras_reid.data.records import queries_without_match
from keras_reid.errors import ReIDError
from tests.data import trees

ROWS = [
    "a/1.jpg,1,1,train", "a/2.jpg,2,1,train",
    "q.png,3,1,query", "g.png,3,2,gallery", "d.jpg,0,1,gallery", "j.jpg,-1,1,gallery",
]  # fmt: skip


def test_a_table_is_read_relative_to_its_own_folder(tmp_path):
    dataset = load_dataset("csv", trees.table(tmp_path, ROWS))
    assert dataset.train[0].path == str(tmp_path / "a" / "1.jpg")
    assert [(r.pid, r.camid) for r in dataset.gallery] == [(3, 2), (0, 1)]
    assert [r.pid for r in dataset.junk] == [-1]


def test_absolute_paths_and_a_byte_order_mark_are_fine(tmp_path):
    path = trees.table(tmp_path, ROWS)
    text = path.read_text().replace("q.png", str(tmp_path / "q.png"))
    path.write_text(text, encoding="utf-8-sig")
    assert load_dataset("csv", path).query[0].path == str(tmp_path / "q.png")


def test_without_cameras_it_says_why_the_evaluation_would_be_empty(tmp_path):
    rows = [",".join(row.split(",")[:2] + row.split(",")[3:]) for row in ROWS]
    path = trees.table(tmp_path, rows, header="path,pid,split")
    with pytest.raises(ReIDError, match="evaluation would be empty.*--camid_policy=unique"):
        load_dataset("csv", path)


def test_unique_cameras_let_every_match_count(tmp_path):
    rows = ["q.jpg,3,query", "g.jpg,3,gallery", "h.jpg,4,gallery"]
    path = trees.table(tmp_path, rows, header="path,pid,split")
    dataset = load_dataset("csv", path, camid_policy="unique")
    assert len({r.camid for r in dataset.records}) == 3
    assert not queries_without_match(dataset.query, dataset.gallery).any()


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("x.jpg,anna,1,train", "line 2: pid is 'anna', not a whole number"),
        ("x.jpg,1,,train", "line 2: camid is '', not a whole number"),
        ("x.jpg,1,1,test", "line 2: split is 'test', not one of train, query, gallery"),
        ("x.jpg,-2,1,train", "line 2: pid is -2"),
        ("x.jpg,1", "line 2: split is ''"),
    ],
)
def test_a_bad_row_is_named(tmp_path, row, sentence):
    with pytest.raises(ReIDError, match=sentence):
        load_dataset("csv", trees.table(tmp_path, [row]))


def test_a_bad_table_is_named(tmp_path):
    with pytest.raises(ReIDError, match="no CSV file"):
        load_dataset("csv", tmp_path / "people.csv")
    path = trees.table(tmp_path, [])
    with pytest.raises(ReIDError, match="lists no image"):
        load_dataset("csv", path)
    path.write_text("image,person\n")
    with pytest.raises(ReIDError, match="has no column path, pid, split"):
        load_dataset("csv", path)
    path.write_bytes(b"path,pid,camid,split\n\xff\xfe.jpg,1,1,train\n")
    with pytest.raises(ReIDError, match="CSV file in UTF-8"):
        load_dataset("csv", path)
    path = trees.table(tmp_path, ROWS)
    (tmp_path / "g.png").unlink()
    with pytest.raises(ReIDError, match="names 1 of 6 images that do not exist, first .*g.png"):
        load_dataset("csv", path)


def test_unknown_options_are_refused(tmp_path):
    with pytest.raises(ReIDError, match="csv has no option cameras; it takes camid_policy"):
        load_dataset("csv", tmp_path, cameras=3)
    with pytest.raises(ReIDError, match="market1501 has no option cameras; it takes no option"):
        load_dataset("market1501", tmp_path, cameras=3)
    with pytest.raises(ReIDError, match="camid_policy is 'unique' or left out"):
        load_dataset("csv", tmp_path, camid_policy="one")
