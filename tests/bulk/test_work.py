"""A generator draws nothing, an attack may fail: what stands in the records then."""

import io

import numpy as np
import pytest

pytest.importorskip("apache_beam", reason="needs Apache Beam: make test-beam")

import pyarrow.parquet as pq  # noqa: E402
import tensorflow as tf  # noqa: E402

from export.bulk.backends import Attack  # noqa: E402
from export.bulk.items import Item  # noqa: E402
from export.bulk.schema import columns, parquet, tfrecord  # noqa: E402
from export.bulk.work import Work, work_through  # noqa: E402
from serving.client import AttackResult  # noqa: E402


class Generator:
    """Every pixel one up, but for the second image, where it fails."""

    def decode(self, encoded):
        return [np.full([4, 2, 3], len(each), np.uint8) for each in encoded]

    def embed(self, pixels):
        return pixels[:, 0, 0].astype(np.float32)

    def attack(self, pixels, attack, seeds):
        valid = np.arange(len(pixels)) != 1
        return AttackResult(
            adversarial=pixels + valid[:, None, None, None].astype(np.uint8),
            displacement=valid.astype(np.float32),
            linf=np.zeros(len(pixels), np.float32),
            epsilon_used=np.full(len(pixels), attack.epsilon_255 / 255, np.float32),
            valid=valid,
        )


@pytest.fixture
def records():
    loaded = [(Item(f"{n}.png", "", n, pid=n or None), b"x" * n) for n in range(3)]
    records, letters = work_through(Generator(), Work(Attack("misrank"), 0, 32, "m"), loaded)
    assert not letters
    return records


def test_a_generators_record_has_no_seed_and_a_failed_one_says_so(records):
    assert [record["seed"] for record in records] == [None] * 3
    assert [record["valid"] for record in records] == [True, False, True]
    # Measured here, whatever the server said.
    assert [record["linf"] for record in records] == [1 / 255, 0, 1 / 255]


def test_what_is_not_known_is_null_in_parquet_and_missing_in_tfrecord(records, tmp_path):
    types = columns(3, attacked=True)
    rows = pq.read_table(io.BytesIO(parquet(records, types, {}))).to_pylist()
    assert [row["seed"] for row in rows] == [None] * 3
    assert [row["pid"] for row in rows] == [None, 1, 2]
    (tmp_path / "x.tfrecord").write_bytes(tfrecord(records, types, {}))
    examples = [
        tf.train.Example.FromString(each.numpy()).features.feature
        for each in tf.data.TFRecordDataset(str(tmp_path / "x.tfrecord"))
    ]
    assert [list(each["pid"].int64_list.value) for each in examples] == [[], [1], [2]]
    assert [list(each["seed"].int64_list.value) for each in examples] == [[]] * 3
    assert [list(each["embedding"].float_list.value) for each in examples] == [
        row["embedding"] for row in rows
    ]
