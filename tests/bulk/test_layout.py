"""Files appear whole or not at all, and a failed one gives its space back."""

import errno

import pytest

pytest.importorskip("apache_beam", reason="needs Apache Beam: make test-beam")

from apache_beam.io import localfilesystem  # noqa: E402

from export.bulk.layout import write_aside  # noqa: E402
from keras_reid.errors import ReIDError  # noqa: E402


@pytest.mark.parametrize("step", ["write", "rename"])
def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch, step):
    path = tmp_path / "embeddings-00000-of-00001.parquet"
    write_aside(str(path), b"before")

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    if step == "rename":
        monkeypatch.setattr(localfilesystem.os, "rename", fail)
    else:
        opened = localfilesystem.LocalFileSystem.create

        def create(*arguments, **settings):
            file = opened(*arguments, **settings)
            file.write(b"half")
            fail()

        monkeypatch.setattr(localfilesystem.LocalFileSystem, "create", create)
    with pytest.raises(ReIDError, match="No space left on device.*choose a folder with space"):
        write_aside(str(path), b"after")
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [
        (path.name, b"before")
    ]
