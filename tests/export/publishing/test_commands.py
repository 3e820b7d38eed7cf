"""publish, list, rollback and prune as commands, and what they say of bad input."""

import json

import pytest

from export.publishing import markers
from export.publishing.layout import find_export
from tests.commands import assert_refused, call
from tests.export.publishing.fakes import everything, make_base, make_export, seen
from tests.serving.fake_server import FakeModel, grpc_server


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """models/reid/{1,2}, blessed; working directory."""
    monkeypatch.chdir(tmp_path)
    for version in (1, 2):
        make_export(tmp_path / "models", f"content{version}", version=version)
    return tmp_path


def publish(version, *more):
    done = call(
        "export.publish", f"--servable=models/reid/{version}", "--base=serving", *more
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(*more):
    done = call("export.list", "--base=serving", "--json", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_road_there_and_back(folder):
    target = make_base(folder)
    assert "published: " in publish(1, "--note=the first one")
    first = target.live
    assert "and is live; --again" in publish(1)
    publish(2)
    second = target.live
    assert "is not the live one; export.rollback --to=" in publish(1)
    done = call("export.rollback", "--base=serving")
    assert done.returncode == 0 and f"withdrawn: {second}\nlive: {first}" in done.stdout
    assert "is withdrawn; export.rollback --to=" in publish(2)
    rows = listed()
    assert [(row["version"], row["state"]) for row in rows] == [
        (second, "withdrawn"), (first, "live"),
    ]  # fmt: skip
    assert rows[1]["note"] == "the first one" and rows[1]["blessed"] is True
    assert rows[1]["servables"] == ["reid", "reid_encoded"] and rows[1]["bytes"] > 16_000
    assert "live: " in call("export.rollback", "--base=serving", "--undo").stdout
    done = call("export.prune", "--base=serving", "--keep=1", "--dry_run")
    assert done.stdout == f"would delete: {first}\n" and len(target.visible) == 2
    assert call("export.prune", "--base=serving", "--keep=1").stdout == f"deleted: {first}\n"
    assert call("export.prune", "--base=serving", "--keep=1").stdout == "nothing to delete\n"
    assert seen(target) == [[second], [second]]


def test_the_table_shows_servers_and_what_came_by_other_means(folder):
    publish(1)
    target = make_base(folder)
    (target.main / "7").mkdir()
    (target.main / "7" / "saved_model.pb").write_text("by hand")
    (target.encoded / "9").mkdir()  # what a crash leaves
    (target.encoded / "9" / markers.PUBLISHED).write_text("{}")
    model = FakeModel()
    model.versions = [(7, "AVAILABLE", "")]
    with grpc_server(model) as address:
        done = call("export.list", "--base=serving", f"--server={address}")
    assert done.returncode == 0, done.stderr
    head, live, half, by_hand = done.stdout.splitlines()
    assert address in head and f"{target.live}  live" in live and " yes " in live
    assert by_hand.split()[:2] == ["7", "ready"] and "AVAILABLE" in by_hand
    assert "main only" in by_hand and " ? " in by_hand
    assert half.split()[:2] == ["9", "half"] and "encoded only" in half


def modify(folder):
    (folder / "models/reid/1/saved_model.pb").write_text("other")


def take_blessing(folder):
    (folder / "models/reid/1/MODEL_BLESSED").unlink()


def break_blessing(folder):
    (folder / "models/reid/1/MODEL_BLESSED").write_text("{half")


def old_blessing(folder):
    (folder / "models/reid/1/MODEL_BLESSED").write_text('{"schema": 99}')


def file_as_base(folder):
    (folder / "serving").write_text("I am a file")


def nothing(folder):
    pass


PUBLISH = ["export.publish", "--servable=models/reid/1", "--base=serving"]


@pytest.mark.parametrize(
    "prepare,words,said",
    [
        (nothing, ["export.publish", "--base=serving"], "--servable must be given"),
        (nothing, ["export.publish", "--servable=nowhere", "--base=serving"], "no version folder"),
        (nothing, [*PUBLISH, "--name=a/b"], "no folder name"),
        (nothing, [*PUBLISH, "--name=reid_encoded"], "name reid"),
        (nothing, [*PUBLISH[:2], "--base=s3://bucket"], "object store"),
        (nothing, [*PUBLISH[:2], "--base=models"], "lies in the base"),
        (modify, PUBLISH, "was changed since it was INFRA_BLESSED"),
        (take_blessing, PUBLISH, "is not MODEL_BLESSED; run python -m export.bless"),
        (break_blessing, PUBLISH, "cannot be read as JSON"),
        (old_blessing, PUBLISH, "no marker of schema 1"),
        # Not by chmod: root may write anywhere, and tests often run as root.
        (file_as_base, PUBLISH, "serving"),
        (nothing, ["export.list", "--base=nowhere"], "no serving base nowhere"),
        (nothing, ["export.list", "--base=models/reid/1"], "it holds no model"),
        (nothing, ["export.list", "--base=models", "--name=nobody"], "it holds reid"),
        (nothing, ["export.list", "--base=models", "--server=localhost:1"], "localhost:1"),
        (nothing, ["export.list", "--base=models", "--server=nowhere"], "no address"),
        (nothing, ["export.rollback", "--base=models", "--to=5"], "has no version 5; it has 1, 2"),
        (nothing, ["export.rollback", "--base=models", "--to=big"], "--to"),
        (nothing, ["export.rollback", "--base=models", "--to=1", "--undo"], "leave out --to"),
        (nothing, ["export.rollback", "--base=models", "--undo"], "nothing to undo"),
        (nothing, ["export.prune", "--base=models", "--keep=0"], "--keep"),
        (nothing, ["export.prune", "--base=gs://bucket"], "object store"),
        (nothing, ["export.prune", "--base=models", "--server=localhost:1"], "localhost:1"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence_and_changes_nothing(folder, prepare, words, said):
    prepare(folder)
    before = everything(folder)
    assert_refused(call(*words), said)
    after = everything(folder)
    # A lock file says nothing about any version.
    assert {path: text for path, text in after.items() if path.suffix != ".lock"} == before


def test_a_base_without_any_version(folder):
    (folder / "serving" / "reid").mkdir(parents=True)
    assert_refused(call("export.list", "--base=serving"), "has no version; publish one")


def test_what_was_published_unblessed_is_told(folder):
    take_blessing(folder)
    publish(1, "--allow_unblessed")
    (row,) = listed()
    assert row["blessed"] is False
    assert find_export(f"serving/reid/{row['version']}").version == row["version"]
