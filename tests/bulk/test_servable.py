"""A bulk run on an export: what it writes equals what the export says to a direct call."""

import io
import json

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("apache_beam", reason="needs Apache Beam: make test-beam")

import pyarrow.parquet as pq  # noqa: E402
import tensorflow as tf  # noqa: E402

from export.bulk.backends import Attack, ServableSource  # noqa: E402
from export.bulk.items import seed_of  # noqa: E402
from export.bulk.run import bulk  # noqa: E402
from export.session import ServedModel  # noqa: E402
from tests.bulk.crops import assert_close, files_of, letters_of, records_of  # noqa: E402

SMA = Attack("sma", epsilon_255=4.0, steps=3)
BAD = {
    "cut.png": "truncated or damaged",
    "empty.jpg": "empty",
    "long.png": "more than 20000 bytes, the most that the export takes",
    "text.jpg": "neither JPEG nor PNG, or damaged",
}


@pytest.fixture(scope="module")
def run(exported, crops):
    """bulk() with this export and these crops."""

    def call(output, **settings):
        settings = {"attack": SMA, "seed": 5, **settings}
        return bulk(ServableSource(str(exported)), str(crops[0]), str(output), **settings)

    return call


@pytest.fixture(scope="module")
def one_file(run, tmp_path_factory):
    """The output of a run with one partition."""
    output = tmp_path_factory.mktemp("one") / "out"
    run(output, shards=1)
    return output


def test_records_equal_a_direct_call(exported, crops, one_file):
    _, images = crops
    records = records_of(one_file)
    assert records.keys() == images.keys()
    keys = sorted(images)
    with ServedModel(exported) as served:
        for start in range(0, len(keys), 16):  # the run's own batches, so the answers are the same
            part = keys[start : start + 16]
            pixels = np.stack([images[key] for key in part])
            seeds = np.array([seed_of(key, 5) for key in part])
            embeddings = served.run("embed", {"images": pixels})["embeddings"]
            direct = served.run(
                "attack_sma",
                {
                    "images": pixels,
                    "epsilon": np.full(len(part), 4 / 255, np.float32),
                    "steps": np.full(len(part), 3, np.int32),
                    "seed": seeds,
                },
            )
            for row, key in enumerate(part):
                record = records[key]
                assert_close(record["embedding"], embeddings[row])
                adversarial = np.asarray(Image.open(io.BytesIO(record["adversarial_png"])))
                equal = np.mean(adversarial == direct["adversarial"][row])
                assert equal >= 0.97  # bad images fell out of a batch, so batches may differ
                assert record["seed"] == seeds[row] and record["valid"]
                change = np.abs(adversarial.astype(int) - images[key]).max()
                assert record["linf"] == pytest.approx(change / 255) and 0 < change <= 4
                assert record["epsilon"] == pytest.approx(4 / 255)
                assert record["displacement"] == pytest.approx(
                    direct["displacement"][row], rel=0.02
                )
                person, camera, number = key.rsplit("/")[1].removesuffix(".png").split("_")
                assert record["pid"] == int(person) and f"c{record['camid']}" == camera
                assert int(number) // 3 == record["pid"]


def test_the_same_batch_gives_the_same_pixels(run, one_file, tmp_path):
    run(tmp_path / "again", shards=1)
    assert files_of(tmp_path / "again") == files_of(one_file)


def test_sharding_and_batching_change_nothing(run, one_file, tmp_path):
    summary = run(tmp_path / "out", shards=7, batch=3)
    assert summary["partitions"] == 7 and len(files_of(tmp_path / "out")) == 7
    alone, dealt = records_of(one_file), records_of(tmp_path / "out")
    assert alone.keys() == dealt.keys()
    for key, record in alone.items():
        other = dealt[key]
        assert_close(other["embedding"], record["embedding"])
        pair = [
            np.asarray(Image.open(io.BytesIO(each["adversarial_png"]))) for each in (record, other)
        ]
        assert np.mean(pair[0] == pair[1]) >= 0.97
        assert {name: other[name] for name in ("pid", "camid", "seed", "model", "epsilon")} == {
            name: record[name] for name in ("pid", "camid", "seed", "model", "epsilon")
        }


def test_bad_images_are_dead_letters_and_counted(one_file):
    assert letters_of(one_file) == BAD
    summary = json.loads((one_file / "_SUCCESS").read_text())
    assert (summary["images"], summary["dead_letters"]) == (30, 4)
    assert summary["attacks_failed"] == 0 and summary["provenance"]["tensorflow"]


def test_parquet_carries_the_settings(one_file, exported):
    schema = pq.read_schema(next(one_file.glob("*.parquet")))
    settings = json.loads(schema.metadata[b"keras_reid"])
    assert settings == json.loads((one_file / "_job.json").read_text())
    assert settings["attack"]["epsilon_255"] == 4 and settings["model"]["embedding_size"] == 4
    assert str(schema.field("embedding").type).startswith("fixed_size_list<")
    assert settings["model"]["model_fingerprint"] == records_of(one_file).popitem()[1]["model"]


def test_tfrecords_are_read_with_tf_data(run, one_file, tmp_path):
    run(tmp_path / "out", suffix="tfrecord", shards=2)
    spec = {
        "key": tf.io.FixedLenFeature([], tf.string),
        "pid": tf.io.VarLenFeature(tf.int64),
        "embedding": tf.io.FixedLenFeature([4], tf.float32),
        "adversarial_png": tf.io.FixedLenFeature([], tf.string),
        "seed": tf.io.FixedLenFeature([], tf.int64),
        "valid": tf.io.FixedLenFeature([], tf.int64),
    }
    files = tf.data.Dataset.list_files(f"{tmp_path}/out/embeddings-*", shuffle=False)
    rows = list(
        tf.data.TFRecordDataset(files).map(lambda row: tf.io.parse_single_example(row, spec))
    )
    known = records_of(one_file)
    assert {row["key"].numpy().decode() for row in rows} == known.keys() and len(rows) == 30
    for row in rows:
        record = known[row["key"].numpy().decode()]
        assert_close(row["embedding"], record["embedding"])
        assert row["seed"] == record["seed"] and row["valid"] == 1
        assert row["pid"].values.numpy().tolist() == [record["pid"]]
        assert tf.io.decode_png(row["adversarial_png"]).shape == (32, 16, 3)


def test_without_an_attack_there_are_embeddings_alone(run, tmp_path):
    run(tmp_path / "out", attack=None, shards=40)  # more partitions than images: some are empty
    assert len(files_of(tmp_path / "out")) == 40
    record = records_of(tmp_path / "out").popitem()[1]
    assert set(record) == {"key", "pid", "camid", "embedding", "model"}
