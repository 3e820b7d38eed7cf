"""The folder of a run: one process, one configuration, nothing lost."""

import dataclasses
import json
import subprocess
import sys
import time

import pytest
import tensorflow as tf

from keras_reid.errors import ReIDError
from keras_reid.runs.run_config import differences
from keras_reid.runs.workdir import Workdir


@dataclasses.dataclass(frozen=True)
class Config:
    seed: int = 0
    sizes: tuple = (1, 2)
    name: str | None = None


def test_config_is_written_and_the_same_one_reopens(tmp_path):
    with Workdir.open(tmp_path / "run", Config()):
        pass
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config == {"seed": 0, "sizes": [1, 2], "name": None}
    with Workdir.open(tmp_path / "run", Config()) as run:
        assert run.path == tmp_path / "run"


def test_another_config_is_refused_field_by_field(tmp_path):
    with Workdir.open(tmp_path, Config()) as run:
        run.log_start(0)
    with pytest.raises(ReIDError) as caught:
        Workdir.open(tmp_path, Config(seed=3, name="b"))
    sentence = str(caught.value)
    assert "seed: 0 in the workdir, 3 now" in sentence
    assert "name: null in the workdir, b now" in sentence
    assert "sizes" not in sentence
    # The refusal leaves the folder free, and as it was.
    Workdir.open(tmp_path, Config()).close()


def test_a_run_that_failed_before_its_first_step_may_be_begun_otherwise(tmp_path):
    Workdir.open(tmp_path, Config()).close()
    Workdir.open(tmp_path, Config(seed=3)).close()
    assert json.loads((tmp_path / "config.json").read_text())["seed"] == 3


def test_differences_see_nested_and_missing_fields():
    assert differences({"a": {"b": 1}, "c": 2}, {"a": {"b": 2}, "d": 3}) == [
        "a.b: 1 in the workdir, 2 now",
        "c: 2 in the workdir, nothing now",
        "d: nothing in the workdir, 3 now",
    ]


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"")
    with pytest.raises(ReIDError, match="holds holiday.jpg but no config.json"):
        Workdir.open(tmp_path, Config())
    assert [path.name for path in tmp_path.iterdir() if path.name[0] != "."] == ["holiday.jpg"]


def test_damaged_config_is_told(tmp_path):
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ReIDError, match="config.json cannot be read"):
        Workdir.open(tmp_path, Config())


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ReIDError, match="cannot use .*file/run as workdir"):
        Workdir.open(tmp_path / "file" / "run", Config())


def test_in_use_names_the_process(tmp_path):
    with Workdir.open(tmp_path, Config()):
        with pytest.raises(ReIDError, match=r"is in use by process \d+"):
            Workdir.open(tmp_path, Config())
    Workdir.open(tmp_path, Config()).close()


HOLDER = """
import fcntl, sys, time
file = open(sys.argv[1], "a+")
fcntl.flock(file, fcntl.LOCK_EX)
file.write("4242"); file.flush()
print("held", flush=True)
time.sleep(60)
"""


def test_a_killed_process_leaves_no_stale_lock(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / ".lock")], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ReIDError, match="in use by process 4242"):
            Workdir.open(tmp_path, Config())
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    Workdir.open(tmp_path, Config()).close()


def test_log_writes_lines_and_tensorboard_events(tmp_path):
    with Workdir.open(tmp_path, Config()) as run:
        run.log(1, {"loss": 2})
        run.log(2, {"loss": 1.5, "map": 0.25})
        assert run.metrics() == [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.5, "map": 0.25}]
    (events,) = (tmp_path / "events").glob("events.out.tfevents.*")
    values = [
        (event.step, value.tag, value.metadata.plugin_data.plugin_name,
         float(tf.make_ndarray(value.tensor)))
        for event in tf.compat.v1.train.summary_iterator(str(events))
        for value in event.summary.value
    ]  # fmt: skip
    assert values == [
        (1, "loss", "scalars", 2.0), (2, "loss", "scalars", 1.5), (2, "map", "scalars", 0.25),
    ]  # fmt: skip


WITHOUT_TENSORBOARD = """
import sys
sys.modules["tensorboard"] = None
from keras_reid.runs.workdir import Workdir
with Workdir.open(sys.argv[1], {}) as run:
    run.log(1, {"loss": 2})
"""


def test_events_do_not_need_the_tensorboard_package(tmp_path):
    subprocess.run([sys.executable, "-c", WITHOUT_TENSORBOARD, tmp_path / "run"], check=True)
    assert list((tmp_path / "run" / "events").iterdir())


def test_a_resumed_run_forgets_what_it_will_repeat(tmp_path):
    with Workdir.open(tmp_path, Config()) as run:
        for step in (1, 2, 3):
            run.log(step, {"loss": step})
        with open(run.metrics_file, "a") as lines:
            lines.write('{"step": 4, "lo')  # cut short by a crash
        run.forget_after(2)
        assert [entry["step"] for entry in run.metrics()] == [1, 2]


def test_result_is_written_whole(tmp_path):
    with Workdir.open(tmp_path, Config()) as run:
        assert run.finish({"map": 0.5}) == {"map": 0.5}
    assert json.loads((tmp_path / "result.json").read_text()) == {"map": 0.5}
    assert time.time() - (tmp_path / "result.json").stat().st_mtime < 60
