import json
import subprocess
import sys

import pytest

from tests.commands import call, run
from tests.data import trees
from trainers.check_data import Progress

COMMAND = "trainers.check_data"


def test_a_usable_data_set_exits_zero_with_a_table(tmp_path):
    root = trees.market1501(tmp_path / "market")
    done = run(COMMAND, "--dataset=market1501", f"--data={root}", f"--json={tmp_path / 'out.json'}")
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["train", "6", "3", "4"] in lines
    assert ["gallery", "5", "2", "3"] in lines
    # Person 10 has one image, hence one camera: worth a warning, not a refusal.
    assert any(line[:3] == ["warn", "single_images", "1"] for line in lines)
    value = json.loads((tmp_path / "out.json").read_text())
    assert value["level"] == "warn"
    assert value["fingerprint"] in done.stdout


def test_a_fault_exits_one_and_is_named(tmp_path):
    root = trees.market1501(tmp_path)
    victim = root / "query" / trees.MARKET_QUERY[0]
    victim.write_bytes(victim.read_bytes()[:300])
    done = call(COMMAND, f"--data={root}")
    assert done.returncode == 1
    assert "unreadable_images" in done.stdout and victim.name in done.stdout


def test_options_reach_their_loader(tmp_path):
    rows = ["a.jpg,1,train", "b.jpg,2,train", "q.jpg,3,query", "g.jpg,3,gallery"]
    path = trees.table(tmp_path / "csv", rows, header="path,pid,split")
    done = call(COMMAND, "--dataset=csv", f"--data={path}", "--camid_policy=unique")
    assert done.returncode == 0, done.stdout + done.stderr
    root = trees.cuhk03(tmp_path / "cuhk03")
    done = call(COMMAND, "--dataset=cuhk03", f"--data={root}", "--cuhk03_images=labeled")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (root / "images_labeled").is_dir()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--data=/nowhere/at/all"], "there is no data folder /nowhere/at/all"),
        ([], "--data must be given"),
        (["--dataset=dukemtmc", "--data=."], "withdrawn by its authors"),
        (["--dataset=imagenet", "--data=."], "dataset"),
        (["--data=.", "more"], "unexpected argument 'more'"),
    ],
)
def test_bad_input_exits_two_with_one_sentence(arguments, sentence):
    done = run(COMMAND, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ") and sentence in line


def test_its_flags_are_everybodys_and_start_no_tensorflow():
    program = (
        "import sys; from absl import flags; from trainers import check_data;"
        "from trainers.data_flags import DataFlags; check_data.entry.run = lambda main: None;"
        "check_data.cli(); assert 'tensorflow' not in sys.modules;"
        "found = flags.FLAGS.flags_by_module_dict();"
        "print([flag.name for flag in found.get('trainers.check_data', [])],"
        "sorted(flag.name for flag in found['trainers.data_flags']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "['json'] ['acknowledge_withdrawn', 'camid_policy', 'cuhk03_images', 'data', 'dataset', "
        "'include_val']"
    ], done.stderr


def test_progress_is_quiet_for_five_seconds_then_gives_the_time_left(capsys):
    now = [0.0]
    progress = Progress("images looked at", clock=lambda: now[0])
    for now[0], done in [(1, 10), (4.9, 49), (6, 60), (7, 70), (12, 90)]:
        progress(done, 100)
    # At 6 s, 60 of 100: a tenth of a second each, 4 s left. At 12 s, 90: 12/90 each, 1.3 s left.
    assert capsys.readouterr().err.splitlines() == [
        "60/100 images looked at, 4 s left",
        "90/100 images looked at, 1 s left",
    ]
