"""Publishing: whole versions, in order, once, and only what was blessed."""

import json
import time

import pytest

from export.publishing import markers
from export.publishing.layout import find_export
from export.publishing.publisher import publish
from export.publishing.target import make_target
from keras_reid.errors import ReIDError
from tests.export.publishing.fakes import bless, everything, leftovers, make_base, make_export, seen


def test_both_servables_appear_under_one_version(tmp_path):
    export, target = make_export(tmp_path / "models"), make_base(tmp_path)
    before = int(time.time())
    done = publish(export, target, note="the first")
    assert done.new and before <= done.version <= time.time() + 1
    assert seen(target) == [[done.version], [done.version]]
    assert leftovers(target) == []
    about = json.loads((target.main / str(done.version) / "PUBLISHED.json").read_text())
    assert about["note"] == "the first" and about["blessed"] is True
    assert about["fingerprint"] == export.fingerprint() == find_export(
        target.main / str(done.version)
    ).fingerprint()  # fmt: skip
    assert (target.main / str(done.version) / "MODEL_BLESSED").exists()


def test_the_main_servable_appears_last(tmp_path):
    export, target = make_export(tmp_path / "models"), make_base(tmp_path)
    states = []
    publish(export, target, at=lambda step: states.append((step, *map(len, seen(target)))))
    assert states == [
        ("locked", 0, 0),
        ("encoded copied", 0, 0),
        ("main copied", 0, 0),
        ("checked", 0, 0),
        ("encoded visible", 1, 0),
        ("main visible", 1, 1),
    ]


def test_versions_ascend_within_a_second_and_above_a_clock_that_went_back(tmp_path):
    export, target = make_export(tmp_path / "models"), make_base(tmp_path)
    first = publish(export, target).version
    second = publish(export, target, again=True).version
    assert second > first
    ahead = int(time.time()) + 10**6
    (target.main / str(first)).rename(target.main / str(ahead))
    (target.encoded / str(first)).rename(target.encoded / f"withdrawn-{ahead + 5}")
    (target.main / f"withdrawn-{ahead + 5}").mkdir()  # withdrawn numbers are in use, too
    assert publish(export, target, again=True).version == ahead + 6


def test_the_same_content_is_not_published_twice(tmp_path):
    export, target = make_export(tmp_path / "models"), make_base(tmp_path)
    first = publish(export, target)
    assert publish(export, target) == type(first)(first.version, new=False)
    assert seen(target) == [[first.version], [first.version]]
    other = make_export(tmp_path / "models", "second", version=2)
    assert publish(other, target).new


def test_an_unblessed_export_is_published_only_where_that_is_allowed(tmp_path):
    export, target = make_export(tmp_path / "models", blessed=False), make_base(tmp_path)
    with pytest.raises(ReIDError, match="is not INFRA_BLESSED; run python -m export.validate"):
        publish(export, target)
    assert not target.base.exists()
    version = publish(export, target, allow_unblessed=True).version
    about = target.about(version)
    assert about["blessed"] is False and "is not INFRA_BLESSED" in about["infra"]["missing"]


@pytest.mark.parametrize("kind", [markers.INFRA, markers.MODEL])
def test_a_refusal_replaces_a_blessing(tmp_path, kind):
    export, target = make_export(tmp_path / "models"), make_base(tmp_path)
    markers.bless(export.main, kind, False, {"fingerprint": export.fingerprint()})
    assert [path.name for path in export.main.glob(f"{kind}*")] == [f"{kind}_NOT_BLESSED"]
    with pytest.raises(ReIDError, match=f"was refused, so it is not {kind}_BLESSED"):
        publish(export, target)
    # A crash between the two could leave both: the worse counts.
    (export.main / f"{kind}_BLESSED").write_text("{}")
    with pytest.raises(ReIDError, match="was refused"):
        publish(export, target)


def change_content(export):
    (export.main / "variables" / "variables.index").write_text("other")


def change_encoded(export):
    (export.encoded / "saved_model.pb").write_text("other")


def add_a_file(export):
    (export.main / "batching_params.pbtxt").write_text("max_batch_size { value: 8 }")


def lose_the_encoded_one(export):
    export.encoded.rename(export.encoded.with_name("away"))


@pytest.mark.parametrize(
    "change", [change_content, change_encoded, add_a_file, lose_the_encoded_one]
)
def test_what_changed_after_its_blessing_is_refused(tmp_path, change):
    export, target = make_export(tmp_path / "models"), make_base(tmp_path)
    change(export)
    with pytest.raises(ReIDError, match="was changed since it was INFRA_BLESSED"):
        publish(find_export(export.main), target)
    assert not target.base.exists()


def test_a_change_during_the_copy_is_noticed(tmp_path):
    export, target = make_export(tmp_path / "models"), make_base(tmp_path)

    def change(step):
        if step == "encoded copied":
            change_content(export)

    with pytest.raises(ReIDError, match="changed while it was copied"):
        publish(export, target, at=change)
    assert seen(target) == [[], []] and leftovers(target) == []


def test_under_another_name_the_blessings_still_hold(tmp_path):
    export = make_export(tmp_path / "models")
    target = make_target(tmp_path / "serving", "people")
    version = publish(export, target).version
    assert seen(target) == [[version], [version]]
    assert target.encoded.name == "people_encoded"


def test_a_foreign_model_has_no_encoded_servable(tmp_path):
    export, target = make_export(tmp_path / "models", blessed=False), make_base(tmp_path)
    lose_the_encoded_one(export)
    export = find_export(export.main)
    bless(export)
    version = publish(export, target).version
    assert seen(target) == [[], [version]] and not target.encoded.exists()


def test_hidden_files_stay_behind_and_links_become_files(tmp_path):
    export, target = make_export(tmp_path / "models", blessed=False), make_base(tmp_path)
    (export.main / ".marker.draft").write_text("half")
    (tmp_path / "elsewhere").write_text("far away")
    (export.main / "linked").symlink_to(tmp_path / "elsewhere")
    bless(export)
    folder = target.main / str(publish(export, target).version)
    assert not (folder / ".marker.draft").exists()
    assert (folder / "linked").read_text() == "far away" and not (folder / "linked").is_symlink()


@pytest.mark.parametrize(
    "path,words",
    [
        ("nowhere", "no version folder"),
        ("models/reid", "give one of its versions: .*reid/1"),
        ("models", "holds no saved_model.pb"),
        ("models/reid_encoded/1", "name the main one: .*/reid/1"),
        ("models/reid/latest", "not named by a version number"),
        ("gs://bucket/reid/1", "object store"),
    ],
)
def test_what_is_no_export_is_told(tmp_path, monkeypatch, path, words):
    monkeypatch.chdir(tmp_path)
    make_export(tmp_path / "models")
    (tmp_path / "models/reid/1").rename(
        tmp_path / "models/reid/latest"
    ) if "latest" in path else None
    before = everything(tmp_path)
    with pytest.raises(ReIDError, match=words):
        find_export(path)
    assert everything(tmp_path) == before
