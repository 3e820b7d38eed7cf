"""Provenance: the command as one would type it, and the commit only where it is the code's own."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import keras_reid
from keras_reid.runs.provenance import command_line, git_state, provenance


def git(folder, *arguments):
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(folder), *arguments],
        check=True, capture_output=True,
    )  # fmt: skip


@pytest.fixture
def checkout(tmp_path):
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("a = 1\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "package")
    git(tmp_path, "commit", "-q", "-m", "first")
    return package


def test_everything_is_there_and_fits_into_json():
    facts = provenance(["/somewhere/bin/keras-reid-evaluate", "--model=a b"])
    assert json.loads(json.dumps(facts)) == facts
    assert facts["command"] == "keras-reid-evaluate '--model=a b'"
    assert facts["keras_reid"] == keras_reid.__version__
    assert facts["tensorflow"].startswith("2.") and facts["numpy"] and facts["keras"]
    assert facts["time"].endswith("+00:00")


def test_a_module_is_named_as_it_was_started(tmp_path):
    program = "from keras_reid.runs.provenance import provenance; print(provenance()['command'])"
    (tmp_path / "tool.py").write_text(program)
    root = Path(keras_reid.__file__).parents[1]
    answer = subprocess.run(
        [sys.executable, "-m", "tool", "--x=1"],
        cwd=tmp_path, env={"PYTHONPATH": str(root)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert answer.stdout.strip() == "python -m tool --x=1"


def test_an_empty_command_line_is_no_error():
    assert command_line([]) == ""


def test_commit_of_a_checkout(checkout):
    commit = git_state(checkout)
    assert len(commit) == 40 and set(commit) <= set("0123456789abcdef")
    (checkout / "__init__.py").write_text("a = 2\n")
    assert git_state(checkout) == f"{commit}+changes"


def test_an_untracked_copy_inside_a_checkout_is_not_of_it(checkout):
    copy = checkout.parent / ".venv" / "package"
    copy.mkdir(parents=True)
    (copy / "__init__.py").write_text("a = 1\n")
    assert git_state(copy) is None


def test_no_checkout_no_commit(tmp_path):
    assert git_state(tmp_path) is None


def test_no_git_no_commit(checkout, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert git_state(checkout) is None
