"""Killed at any step, out of space, or two at once: servers see whole versions only."""

import errno
import resource
import subprocess
import sys

import pytest

from export.publishing.layout import DRAFT, find_export
from export.publishing.pruning import prune
from export.publishing.publisher import publish
from export.publishing.rollback import roll_back, undo
from keras_reid.errors import ReIDError
from tests.export.publishing.crash import DIED
from tests.export.publishing.fakes import leftovers, make_base, make_export, seen


@pytest.fixture
def base(tmp_path):
    """A Target with one version, and models/reid/2 that could follow."""
    target = make_base(tmp_path)
    publish(make_export(tmp_path / "models"), target)
    make_export(tmp_path / "models", "second", version=2)
    return target


def start(folder, action, step="never"):
    words = [sys.executable, "-m", "tests.export.publishing.crash", folder, action, step]
    return subprocess.Popen(list(map(str, words)))


def die(folder, action, step):
    assert start(folder, action, step).wait() == DIED, f"{action} never came to {step}"


def assert_pairs(target):
    """Every main version has its encoded one."""
    encoded, main = seen(target)
    assert set(main) <= set(encoded)
    return main


def publish_second(folder, target):
    return publish(find_export(folder / "models/reid/2"), target)


PUBLISHING = [
    "locked", "encoded copied", "main copied", "checked", "encoded visible", "main visible",
]  # fmt: skip


@pytest.mark.parametrize("step", PUBLISHING)
def test_a_publisher_that_dies(tmp_path, base, step):
    (first,) = base.visible
    die(tmp_path, "publish", step)
    main = assert_pairs(base)
    assert (len(main) == 2) == (step == "main visible") and main[0] == first
    # The next one succeeds, and takes back what was left.
    assert publish_second(tmp_path, base).new == (step != "main visible")
    main = assert_pairs(base)
    assert len(main) == 2 and seen(base)[0] == main and leftovers(base) == []


@pytest.mark.parametrize("step", ["main away", "encoded away"])
def test_a_rollback_that_dies(tmp_path, base, step):
    first = base.live
    second = publish_second(tmp_path, base).version
    die(tmp_path, "rollback", step)
    assert assert_pairs(base) == [first]
    assert undo(base) == ([second], [])  # finishes the one and takes it back
    assert seen(base) == [[first, second]] * 2 and leftovers(base) == []


@pytest.mark.parametrize("step", ["encoded visible", "main visible"])
def test_an_undo_that_dies(tmp_path, base, step):
    first = base.live
    second = publish_second(tmp_path, base).version
    roll_back(base)
    die(tmp_path, "undo", step)
    assert assert_pairs(base) == ([first] if step == "encoded visible" else [first, second])
    if step == "encoded visible":
        undo(base)
    assert seen(base) == [[first, second]] * 2 and leftovers(base) == []


@pytest.mark.parametrize("step", ["main away", "encoded away", "deleted"])
def test_a_prune_that_dies(tmp_path, base, step):
    second = publish_second(tmp_path, base).version
    die(tmp_path, "prune", step)
    assert assert_pairs(base) == [second]
    prune(base, 1)
    assert seen(base) == [[second]] * 2 and leftovers(base) == []


@pytest.mark.parametrize("step", PUBLISHING[1:-1])
def test_a_disk_that_is_full(tmp_path, base, step):
    export = make_export(tmp_path / "more", "third")
    before = seen(base)

    def fill(done):
        if done == step:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(ReIDError, match="No space left on device.*nothing was published"):
        publish(export, base, at=fill)
    assert seen(base) == before and leftovers(base) == []
    assert publish(export, base).new


def test_the_kernel_refuses_to_write_on_in_the_middle_of_a_file(tmp_path, base):
    """A limit on file sizes is a disk that is full after so many bytes, for any user."""
    export = make_export(tmp_path / "more", "third")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))  # variables.index has 5000
    try:
        with pytest.raises(ReIDError, match="cannot change .*nothing was published"):
            publish(export, base)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(assert_pairs(base)) == 1 and leftovers(base) == []


def test_two_publishers_at_once_give_two_whole_versions(tmp_path, base):
    make_export(tmp_path / "b" / "models", "other", version=2)
    (tmp_path / "b" / "serving").symlink_to(tmp_path / "serving")
    both = [start(tmp_path, "publish"), start(tmp_path / "b", "publish")]
    assert [process.wait() for process in both] == [0, 0]
    main = assert_pairs(base)
    assert len(set(main)) == 3 and seen(base)[0] == main and leftovers(base) == []


def test_a_second_publisher_waits_for_the_first_and_leaves_its_draft_alone(tmp_path, base):
    told = []

    def others(step):
        if step == "encoded copied":
            process = start(tmp_path, "publish")
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.5)
            assert [path for path in base.encoded.iterdir() if path.name.startswith(DRAFT)]
            told.append(process)

    publish(make_export(tmp_path / "more", "third"), base, at=others)
    assert told[0].wait() == 0
    assert len(assert_pairs(base)) == 3 and leftovers(base) == []
