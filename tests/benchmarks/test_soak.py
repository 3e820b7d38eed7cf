"""`make soak`, half a minute of it, and that its bars turn."""

import json
import types

import numpy as np
import pytest

from benchmarks.server_process import Resources
from benchmarks.soak.answers import Answers
from benchmarks.soak.lane import Record
from benchmarks.soak.story import Window
from benchmarks.soak.verdicts import problem_of, report
from tests.commands import run


@pytest.mark.slow
def test_half_a_minute_of_mixed_load_swaps_and_a_sigterm(tmp_path):
    results = tmp_path / "soak.json"
    # Memory is still on its way up so soon after the start.
    done = run(
        "benchmarks.soak", "--seconds=30", "--memory_ratio=1.25", f"--output={results}"
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-8000:]
    found = json.loads(results.read_text())
    assert found["problems"] == []
    assert set(found["answers_by_version"]) == {"1", "2", "3", "4"}


WINDOWS = [Window("reid", 1, 0.0, 10.0), Window("reid", 2, 8.0)]


def record(**changes):
    asked = {
        "kind": "embed", "model": "reid", "start": 5.0, "end": 6.0, "status": "OK",
        "details": "", "version": 1, "weights": ["a"],
    }  # fmt: skip
    return {**asked, **changes}


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (record(), None),
        (record(weights=[]), "wrong answer"),
        (record(weights=["b"]), "wrong answer"),  # of the other version
        (record(version=2, weights=["b"]), "gone or to come"),  # not published yet
        (record(start=11.0, end=12.0), "gone or to come"),  # withdrawn
        (record(start=7.0, end=11.0), None),  # asked before it went
        (record(version=None, weights=["b"]), "wrong answer"),  # only 1 served then
        (record(version=None, weights=["b"], end=9.0), None),
        (record(status="INTERNAL", weights=None), "ended in INTERNAL"),
        (record(status="UNAVAILABLE", weights=None), "ended in UNAVAILABLE"),
        (record(status="UNAVAILABLE", weights=None, start=99.5, end=100.5), None),
        (record(status="UNAVAILABLE", weights=None, start=98.5, end=100.5), "UNAVAILABLE"),
        (record(kind="bad dtype", weights=None), "ended in OK"),
    ],
)
def test_what_is_a_problem(asked, problem):
    found = problem_of(asked, WINDOWS, terminated=100.0)
    assert (found is None) if problem is None else problem in found


def told(*, third=100, last="OK", exit_code=0):
    """Bars of a story without a load, by figure."""
    memory = {
        f"after the {name} swap": {"rss": rss} for name, rss in (("first", 100), ("third", third))
    }
    ended = Record("under way at SIGTERM", "reid", 99.0, 101.0, last, "", 2, ["b"])
    story = types.SimpleNamespace(
        windows=WINDOWS, terminated=100.0, memory=memory, events=[], exit_code=exit_code,
        last_records=[ended],
    )  # fmt: skip
    server = types.SimpleNamespace(
        tracebacks=lambda: 0, resources=lambda: Resources(rss=0, threads=0, sockets=0)
    )
    bars = report([], story, server, load_ended_well=True)["bars"]
    return {bar["figure"]: bar["reached"] for bar in bars}


def test_each_bar_is_missed_by_what_it_is_about():
    memory, lost = (
        "memory after the third swap, of that after the first",
        "requests under way at SIGTERM that were not answered",
    )
    assert told()[memory] and told()[lost] and told()["exit code of the server"]
    assert not told(third=111)[memory]
    assert not told(last="UNAVAILABLE")[lost]
    assert not told(exit_code=-9)["exit code of the server"]
    assert not told()["answers compared"]  # nobody asked


def test_one_wrong_row_among_right_ones_is_seen(tmp_path):
    images = np.full((3, 4, 2, 3), 100, np.uint8)
    shifted = images + np.uint8(2)
    np.savez(
        tmp_path / "answers.npz",
        **{
            "given/images": images, "given/epsilon": np.full(3, 2 / 255, np.float32),
            "a/sma": shifted, "a/embed": np.eye(3, dtype=np.float32),
        },
    )  # fmt: skip
    answers = Answers(tmp_path / "answers.npz")
    rows = np.array([2, 0])
    assert answers.attacked_by("sma", rows, shifted[rows]) == ["a"]
    assert answers.attacked_by("sma", rows, np.stack([shifted[2], images[0]])) == []
    assert answers.attacked_by("sma", rows, shifted[rows] + np.uint8(1)) == []  # outside the ball
    assert answers.embedded_by("embed", rows, np.eye(3, dtype=np.float32)[rows]) == ["a"]
    assert answers.embedded_by("embed", rows, np.eye(3, dtype=np.float32)[[0, 2]]) == []
