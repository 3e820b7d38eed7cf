"""The output appears whole or not at all, and nobody's work is written over."""

import os
import stat

import pytest

from serving.config import folder
from serving.config.folder import changed_files, read_manifest, write_folder
from serving.errors import BadRequest
from tests.serving.config.variants import files_of

TEXTS = {"README.md": "new\n", "server/run.sh": "#!/bin/sh\n", "tls/ssl.config": "key\n"}


def contents(output):
    return {
        str(path.relative_to(output)): path.read_text()
        for path in output.rglob("*")
        if path.is_file() and path.name != folder.MANIFEST
    }


def test_writes_every_file_with_its_mode_and_a_manifest(tmp_path):
    output = tmp_path / "a" / "deploy"
    write_folder(output, TEXTS, {"name": "reid"})
    assert contents(output) == TEXTS and os.listdir(output.parent) == ["deploy"]
    modes = {path: stat.S_IMODE((output / path).stat().st_mode) for path in TEXTS}
    assert modes == {"README.md": 0o644, "server/run.sh": 0o755, "tls/ssl.config": 0o600}
    assert read_manifest(output)["settings"] == {"name": "reid"}
    assert changed_files(output) == []


def test_the_same_twice_is_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_folder(tmp_path / name, files_of("labels"), {})
    one, two = ((tmp_path / name / folder.MANIFEST).read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_second_run_replaces_all_of_the_first(tmp_path):
    output = tmp_path / "deploy"
    write_folder(output, TEXTS, {})
    write_folder(output, {"README.md": "newer\n"}, {})
    assert contents(output) == {"README.md": "newer\n"}


def change(output):
    (output / "README.md").write_text("mine\n")


def add(output):
    (output / "mine.yaml").write_text("mine\n")


def remove(output):
    (output / "README.md").unlink()


@pytest.mark.parametrize("by_hand", [change, add, remove])
def test_changes_by_hand_are_kept_until_told_otherwise(by_hand, tmp_path):
    output = tmp_path / "deploy"
    write_folder(output, TEXTS, {})
    by_hand(output)
    before = contents(output)
    with pytest.raises(BadRequest, match="changed by hand .*--force"):
        write_folder(output, TEXTS, {})
    assert contents(output) == before
    write_folder(output, TEXTS, {}, force=True)
    assert contents(output) == TEXTS


def test_a_folder_of_somebody_else_is_not_even_forced(tmp_path):
    output = tmp_path / "home"
    output.mkdir()
    write_folder(output, TEXTS, {})  # an empty one is as good as none
    (output / folder.MANIFEST).write_text("{}")
    with pytest.raises(BadRequest, match="did not write"):
        write_folder(output, TEXTS, {}, force=True)
    assert contents(output) == TEXTS


@pytest.mark.parametrize("failing", [1, 2])
def test_a_failed_rename_leaves_what_was_there(failing, tmp_path, monkeypatch):
    output = tmp_path / "deploy"
    write_folder(output, {"README.md": "old\n"}, {})
    calls, replace = [], os.replace

    def break_one(source, target):
        calls.append(target)
        if len(calls) == failing:
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(folder.os, "replace", break_one)
    with pytest.raises(BadRequest, match="No space left"):
        write_folder(output, TEXTS, {})
    assert contents(output) == {"README.md": "old\n"} and os.listdir(tmp_path) == ["deploy"]


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    for output in (tmp_path / "file" / "deploy", tmp_path / "file"):
        with pytest.raises(BadRequest, match="--output|cannot write"):
            write_folder(output, TEXTS, {})
    assert os.listdir(tmp_path) == ["file"]
