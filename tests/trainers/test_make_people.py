"""trainers.make_people as a person runs it."""

import io
import subprocess
import sys

import pytest
from PIL import Image

from keras_reid.data import load_dataset
from trainers.make_people import Progress

TINY = ("--train_ids=2", "--test_ids=2", "--cameras=2", "--images_per_camera=2", "--size=32,16")


def make_people(*arguments):
    """Runs the command as a person would."""
    return subprocess.run(
        [sys.executable, "-m", "trainers.make_people", *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_makes_a_data_set_and_keeps_it_the_second_time(tmp_path):
    command = (f"--output={tmp_path}/people", *TINY, f"--contact_sheet={tmp_path}/sheet.png")
    first = make_people(*command)
    assert first.returncode == 0, first.stderr
    assert "8 train, 4 query" in first.stdout and "images/s" in first.stderr
    assert len(load_dataset("market1501", tmp_path / "people").train) == 8
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (2 * 32 + 4, 2 * 32 + 4)
    second = make_people(*command)
    assert second.returncode == 0 and "already" in second.stdout
    assert first.stdout.splitlines()[1] == second.stdout.splitlines()[1], "the same digest"


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ((), "--output is missing"),
        (("--output=DIR/p", "--cameras=1"), "cameras is 1"),
        (("--output=DIR/p", "--size=tall"), "--size=tall is not height,width"),
        (("--output=DIR/p", "--style=beach"), "style"),
        (("--output=DIR/p", "surplus"), "unexpected argument"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path, arguments, sentence):
    done = make_people(*(argument.replace("DIR", str(tmp_path)) for argument in arguments))
    assert done.returncode == 2 and done.stdout == ""
    assert sentence in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_progress_tells_speed_and_time_left(stream):
    seconds = iter([0.0, 10.0, 10.1, 20.0])
    progress = Progress(stream, clock=lambda: next(seconds))
    progress(50, 100)  # 5 a second: 50 more take 10 s
    progress(51, 100)  # too soon to say it again
    progress(100, 100)
    lines = [line for line in stream.getvalue().replace("\r", "\n").splitlines() if line.strip()]
    assert [line.split() for line in lines] == [
        "50/100 images 5 images/s ETA 10 s".split(), "100/100 images 5 images/s ETA 0 s".split(),
    ]  # fmt: skip
