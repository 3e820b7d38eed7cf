"""A bulk run against a model server: the embedded one, and one that fails on demand."""

import pickle
import threading

import numpy as np
import pytest

pytest.importorskip("apache_beam", reason="needs Apache Beam: make test-beam")

from apache_beam.metrics.metric import MetricsFilter  # noqa: E402

from export.bulk.backends import (  # noqa: E402
    Attack,
    ServableSource,
    ServerSource,
)
from export.bulk.layout import Output  # noqa: E402
from export.bulk.listing import list_items  # noqa: E402
from export.bulk.pipeline import Handler, Job, Read, Write, build  # noqa: E402
from export.bulk.prepare import write_listings  # noqa: E402
from export.bulk.run import bulk, new_pipeline  # noqa: E402
from export.bulk.work import Work  # noqa: E402
from keras_reid.errors import ReIDError  # noqa: E402
from serving.server.embedded import EmbeddedServer  # noqa: E402
from tests.bulk.crops import assert_close, files_of, letters_of, records_of  # noqa: E402
from tests.commands import assert_refused, call, start  # noqa: E402
from tests.serving.fake_server import Failure  # noqa: E402


def test_a_server_answers_as_the_export_does(exported, crops, tmp_path):
    sma = Attack("sma", epsilon_255=4.0, steps=3)
    models = {name: str(exported.parents[1] / name) for name in ("reid", "reid_encoded")}
    bulk(ServableSource(str(exported)), str(crops[0]), str(tmp_path / "a"), attack=sma, shards=2)
    with EmbeddedServer(models) as server:
        server.wait_ready()
        source = ServerSource(server.grpc_address)
        bulk(source, str(crops[0]), str(tmp_path / "b"), attack=sma, shards=2)
    # Same session, same batches: same bytes, but for who says why an image cannot be read.
    here, there = records_of(tmp_path / "a"), records_of(tmp_path / "b")
    assert here.keys() == there.keys()
    for key in here:
        assert_close(here[key]["embedding"], there[key]["embedding"])
        assert here[key]["adversarial_png"] == there[key]["adversarial_png"]
    assert letters_of(tmp_path / "a").keys() == letters_of(tmp_path / "b").keys()


def test_a_killed_run_is_taken_up_again(fake, address, small_crops, tmp_path):
    """Killed within its third partition, it leaves two whole ones, which are not made again."""
    reached, release = threading.Event(), threading.Event()
    held = []

    def hold(outputs):
        if "adversarial" in outputs:
            held.append(outputs)
            if len(held) == 3:
                reached.set()
                release.wait()
        return outputs

    fake.edit = hold
    out = tmp_path / "out"
    command = [
        "export.bulk_embed", f"--input={small_crops}", f"--output={out}", f"--server={address}",
        "--attack=sma", "--shards=4", "--batch_size=4", "--seed=3",
    ]  # fmt: skip
    process = start(*command)
    assert reached.wait(120), process.communicate(timeout=10)
    process.kill()
    process.communicate()
    release.set()
    whole = files_of(out)
    assert len(whole) == len(list((out / "_partitions").iterdir())) == 2
    assert not (out / "_SUCCESS").exists()
    stamps = {name: (out / name).stat().st_mtime_ns for name in whole}

    # What the dead writer might have left behind, and what is none of ours.
    (out / f".embeddings-00002-of-00004.parquet.{'0' * 32}").write_bytes(b"half")
    (out / ".git").mkdir()
    (out / ".notes").write_text("mine")
    fake.edit = lambda outputs: outputs
    done = call(*command)
    assert done.returncode == 0, done.stderr
    assert "2 of 4 partitions are there already" in done.stderr
    assert "12 records in 4 files" in done.stdout and "0 dead letters" in done.stdout
    assert {name: (out / name).stat().st_mtime_ns for name in whole} == stamps
    assert {path.name for path in out.glob(".*")} == {".git", ".notes"}

    undisturbed = tmp_path / "undisturbed"
    command[2] = f"--output={undisturbed}"
    assert call(*command).returncode == 0
    assert files_of(undisturbed) == files_of(out)
    # A third call has nothing to do, and asks the server for nothing but its description.
    fake.requests.clear()
    assert call(*command).returncode == 0
    assert {name for _, name, _ in fake.requests} == {"describe"}


def test_a_server_that_goes_down_is_one_sentence_and_keeps_what_is_done(
    fake, address, small_crops, tmp_path
):
    out = tmp_path / "out"
    answers = []

    def fail(outputs):
        answers.append(outputs)
        if len(fake.sent("embed")) > 2:
            raise Failure("UNAVAILABLE", "going down")
        return outputs

    fake.edit = fail
    command = [
        "export.bulk_embed", f"--input={small_crops}", f"--output={out}", f"--server={address}",
        "--shards=4",
    ]  # fmt: skip
    assert_refused(call(*command), "is not available (going down)", "the same command goes on")
    assert len(files_of(out)) == 2
    fake.edit = lambda outputs: outputs
    assert call(*command).returncode == 0


def test_one_bad_image_leaves_its_batch_alone(fake, address, small_crops, tmp_path):
    broken = sorted(small_crops.rglob("*.png"))[5]
    broken.write_bytes(broken.read_bytes()[:-30])  # its header is whole: only the server sees it
    summary = bulk(ServerSource(address), str(small_crops), str(tmp_path / "out"), shards=1)
    assert (summary["images"], summary["dead_letters"]) == (11, 1)
    assert letters_of(tmp_path / "out") == {
        broken.relative_to(small_crops).as_posix(): "unknown format"
    }


def test_an_embedding_that_is_not_finite_is_a_dead_letter(fake, address, small_crops, tmp_path):
    def spoil(outputs):
        if "embeddings" in outputs:
            outputs["embeddings"][0] = np.nan
        return outputs

    fake.edit = spoil
    summary = bulk(ServerSource(address), str(small_crops), str(tmp_path / "out"), shards=1)
    assert summary["dead_letters"] == 3  # one in each batch of four
    assert set(letters_of(tmp_path / "out").values()) == {"its embedding is not finite"}


def test_a_model_that_changes_under_the_run_is_refused(fake, address, small_crops, tmp_path):
    def swap(outputs):
        fake.description["model_fingerprint"] = "m2"
        return outputs

    fake.edit = swap
    fake_first = ServerSource(address)
    with pytest.raises(ReIDError, match="went over from model m1 to m2"):
        bulk(fake_first, str(small_crops), str(tmp_path / "out"), shards=2)
    assert not files_of(tmp_path / "out")


def test_beam_counts_images_and_dead_letters(fake, address, small_crops, tmp_path):
    broken = next(small_crops.rglob("*.png"))
    broken.write_bytes(broken.read_bytes()[:-30])
    output = Output(str(tmp_path / "out"), 2, "parquet")
    write_listings(output, list_items(str(small_crops))[1], range(2))
    work = Work(None, 0, 4, "m1")
    pipeline = new_pipeline("DirectRunner", [])
    size, limit = fake.description["embedding_size"], fake.description["limits"]["encoded_bytes"]
    build(pipeline, Job(ServerSource(address), work, output, size, limit, {}), range(2))
    result = pipeline.run()
    result.wait_until_finish()
    told = result.metrics().query(MetricsFilter().with_namespace("bulk"))
    assert {row.key.metric.name: row.committed for row in told["counters"]} | {
        "images": 11,
        "dead_letters": 1,
    } == {row.key.metric.name: row.committed for row in told["counters"]}
    (times,) = [
        row.committed
        for row in told["distributions"]
        if row.key.metric.name == "partition_milliseconds"
    ]
    assert times.count == 2


def test_the_work_can_be_sent_to_any_runner(address):
    """What a runner pickles holds no session, channel or file."""
    work = Work(Attack("sma"), 0, 4, "m1")
    output = Output("/nowhere", 2, "parquet")
    job = Job(ServerSource(address), work, output, 5, 2000, {"shards": 2})
    for sent in (Read(output, 2000), Handler(job.source, work), Write(job)):
        again = pickle.loads(pickle.dumps(sent))
        assert type(again) is type(sent)
    assert pickle.loads(pickle.dumps(job)) == job
