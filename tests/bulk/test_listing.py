"""From --input to images: folders, patterns, tables, TFRecords, and what is wrong with them."""

import os
import re

import pytest

pytest.importorskip("apache_beam", reason="needs Apache Beam: make test-beam")

import tensorflow as tf  # noqa: E402

from export.bulk.items import Item, Letter, digest_of  # noqa: E402
from export.bulk.layout import Output, read_lines  # noqa: E402
from export.bulk.listing import list_items  # noqa: E402
from export.bulk.prepare import write_listings  # noqa: E402
from export.bulk.reading import read_all  # noqa: E402
from keras_reid.errors import ReIDError  # noqa: E402
from tests.bulk.crops import write_crops  # noqa: E402

LIMIT = 10_000


@pytest.fixture
def folder(tmp_path):
    """A folder whose name would be a pattern."""
    return write_crops(tmp_path / "data [1]", 4, (8, 4))


def test_a_folder_gives_keys_and_labels(folder):
    (folder / ".hidden.png").write_bytes(b"x")
    (folder / "notes.txt").write_text("x")
    (folder / "cam0" / "who.JPG").write_bytes(b"x")
    kind, items = list_items(str(folder))
    assert kind == "images"
    found = {item.key: (item.pid, item.camid) for item in items}
    assert found == {
        "cam0/0000_c1_0.png": (0, 1),
        "cam1/0000_c2_1.png": (0, 2),
        "cam0/0000_c3_2.png": (0, 3),
        "cam1/0001_c1_3.png": (1, 1),
        "cam0/who.JPG": (None, None),
    }


def test_file_names_may_be_anything(tmp_path):
    """Spaces, line breaks, other scripts, bytes that are no text; a label beyond int64 is none."""
    image = next(write_crops(tmp_path / "one", 1, (8, 4)).rglob("*.png")).read_bytes()
    folder = tmp_path / "many"
    folder.mkdir()
    names = [" a b.png", "a\nb.png", "[1]*?#%.png", "\u4eba.png", f"{2**63}_c1.png"]
    for name in [*map(os.fsencode, names), b"\xff.png"]:
        (folder / os.fsdecode(name)).write_bytes(image)
    (folder / "link.png").symlink_to(names[0])
    (folder / "broken.png").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.png")
    _, items = list_items(str(folder))
    assert {item.key for item in items} == {*names, "\\xff.png", "link.png", "broken.png"}
    assert all(item.pid is None for item in items) and digest_of(items)
    assert {item.size for item in items if item.key != "broken.png"} == {len(image)}
    output = Output(str(tmp_path / "out"), 1, "parquet")
    write_listings(output, items, [0])  # as a worker gets them
    read, letters = read_all([Item(*row) for row in read_lines(output.listing(0))], LIMIT)
    assert len(read) == 7 and {encoded for _, encoded in read} == {image}
    assert [letter.key for letter in letters] == ["broken.png"]


def test_the_output_below_the_input_is_no_input(folder, monkeypatch):
    _, before = list_items(str(folder))
    for name in ("cam9.png", "embeddings-00000-of-00001.tfrecord"):
        (folder / "out").mkdir(exist_ok=True)
        (folder / "out" / name).write_bytes(b"x")
    assert list_items(str(folder), f"{folder}/out/") == ("images", before)
    monkeypatch.chdir(folder)
    for source in (".", "**"):
        assert [item.key for item in list_items(source, "out")[1]] == [item.key for item in before]
    monkeypatch.chdir("out")  # an input below the output is one
    assert len(list_items("*.png", str(folder))[1]) == 1


def test_a_pattern_chooses(tmp_path):
    folder = write_crops(tmp_path / "data", 4, (8, 4))
    _, items = list_items(f"{folder}/cam0/*.png")
    assert [item.key for item in items] == ["0000_c1_0.png", "0000_c3_2.png"]
    _, items = list_items(f"{folder}/**")
    assert len(items) == 4 and items[0].key == "cam0/0000_c1_0.png"


def test_a_table_gives_labels(folder):
    table = folder / "some.csv"
    table.write_text("path,pid,camid\ncam0/0000_c1_0.png,7,2\nmissing.png,,\n")
    kind, items = list_items(str(table))
    assert kind == "csv"
    assert [(item.key, item.pid, item.camid) for item in items] == [
        ("cam0/0000_c1_0.png", 7, 2),
        ("missing.png", None, None),
    ]
    read, letters = read_all(items, LIMIT)
    assert [item.pid for item, _ in read] == [7]
    assert letters[0].key == "missing.png" and "No such file" in letters[0].reason


def example(**features):
    lists = {
        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        if isinstance(value, bytes)
        else tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        for name, value in features.items()
    }
    return tf.train.Example(features=tf.train.Features(feature=lists)).SerializeToString()


def test_records_of_tfrecords_are_found_and_read(folder):
    images = [path.read_bytes() for path in sorted(folder.rglob("*.png"))]
    path = folder / "two.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(example(**{"image/encoded": images[0], "key": b"mine", "pid": 3, "camid": 1}))
        writer.write(example(**{"image/encoded": images[1]}))
        writer.write(example(pid=3))
        writer.write(b"\xff no example")
    kind, items = list_items(str(path))
    assert kind == "tfrecord"
    assert [item.key for item in items] == [f"two.tfrecord:{index}" for index in range(4)]
    read, letters = read_all(items, LIMIT)
    assert [(item.key, item.pid, item.camid) for item, _ in read] == [
        ("mine", 3, 1),
        ("two.tfrecord:1", None, None),
    ]
    assert [encoded for _, encoded in read] == images[:2]
    assert ["image/encoded" in letters[0].reason, "no tf.Example" in letters[1].reason] == [
        True
    ] * 2


def test_what_a_damaged_tfrecord_hides_is_a_letter(folder):
    path = folder / "cut.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for _ in range(3):
            writer.write(example(**{"image/encoded": b"x" * 100}))
    content = path.read_bytes()
    path.write_bytes(content[: 2 * len(content) // 3 + 20])
    _, items = list_items(str(path))
    assert [bool(item.problem) for item in items] == [False, False, True]
    assert "damaged from byte" in read_all(items, LIMIT)[1][-1].reason
    flipped = bytearray(content)
    flipped[40] ^= 1
    path.write_bytes(flipped)
    read, letters = read_all(list_items(str(path))[1][:1], LIMIT)
    assert not read and "no readable record" in letters[0].reason


def test_a_tfrecord_that_grew_shorter_since_it_was_listed_is_a_letter(folder):
    path = folder / "a.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for _ in range(2):
            writer.write(example(**{"image/encoded": b"x" * 100}))
    _, items = list_items(str(path))
    path.write_bytes(path.read_bytes()[: items[1].offset])
    read, letters = read_all(items[1:], LIMIT)
    assert not read and letters == [
        Letter("a.tfrecord:1", "no readable record: the file ends before it")
    ]


def test_bytes_that_cannot_be_an_image_are_told_apart(tmp_path):
    # A PNG header that claims 100,000 x 100,000 pixels.
    bomb = bytearray(next(write_crops(tmp_path / "x", 1, (8, 4)).rglob("*.png")).read_bytes())
    bomb[16:24] = (100_000).to_bytes(4, "big") * 2
    import zlib

    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")
    for name, content in {
        "b.png": bomb,
        "e.png": b"",
        "t.png": b"text",
        "g.png": b"GIF89a",
    }.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "l.png").write_bytes(bytes(LIMIT + 1))
    _, items = list_items(f"{tmp_path}/*.png")
    read, letters = read_all(items, LIMIT)
    assert not read
    said = {letter.key: letter.reason for letter in letters}
    for key, words in {
        "b.png": "more than 67108864",
        "e.png": "^empty$",
        "t.png": "neither JPEG nor PNG",
        "g.png": "neither JPEG nor PNG",
        "l.png": "more than 10000 bytes",
    }.items():
        assert re.search(words, said[key]), said[key]
    assert all(isinstance(letter, Letter) for letter in letters)


@pytest.mark.parametrize(
    ("make", "name", "words"),
    [
        (None, "nowhere", "does not exist or is empty"),
        (None, "nowhere.csv", "cannot read"),
        ("", "", "holds no JPEG or PNG"),
        ("a,b\n1,2\n", "x.csv", "no column path"),
        ("path,pid\n", "x.csv", "lists no image"),
        ("path,pid\na.png,two\n", "x.csv", "line 2: pid is 'two'"),
        (f"path,pid\na.png,{2**63}\n", "x.csv", "line 2: pid is '9223372036854775808'"),
        ("path,pid\n,2\n", "x.csv", "line 2: the path is empty"),
        ("path\na.png\nb.png\na.png\n", "x.csv", "line 4: 'a.png' is in line 2 already"),
        ("x", "x.tfrecord.gz", "is compressed"),
    ],
)
def test_bad_input_is_refused(tmp_path, make, name, words):
    (tmp_path / "notes.txt").write_text("x")
    if make and name:
        (tmp_path / name).write_text(make)
    with pytest.raises(ReIDError, match=words):
        list_items(str(tmp_path / name))


def test_images_beside_tfrecords_need_a_pattern(folder):
    (folder / "a.tfrecord").write_bytes(b"")
    with pytest.raises(ReIDError, match="choose with a pattern"):
        list_items(str(folder))
