"""Exports of a few bytes: publishing copies files and does not read them."""

from export.publishing import markers
from export.publishing.layout import find_export
from export.publishing.target import make_target
from serving.server.versions import versions_on_disk


def make_export(folder, content="first", *, blessed=True, version=1):
    """An Export at <folder>/reid/<version>, both servables, with its blessings."""
    for name in ("reid", "reid_encoded"):
        main = folder / name / str(version)
        (main / "variables").mkdir(parents=True)
        (main / "saved_model.pb").write_text(f"{name} {content}")
        (main / "variables" / "variables.index").write_text(content * 1000)
    export = find_export(folder / "reid" / str(version))
    if blessed:
        bless(export)
    return export


def bless(export):
    for kind in (markers.INFRA, markers.MODEL):
        markers.bless(export.main, kind, True, {"fingerprint": export.fingerprint()})


def make_base(folder):
    return make_target(folder / "serving", "reid")


def seen(target):
    """[[versions of the encoded servable], [versions of the main one]] as a server scans them.

    Fails where one of them is not whole.
    """
    found = []
    for home in target.homes:
        versions = versions_on_disk(home) if home.is_dir() else {}
        for folder in versions.values():
            assert_whole(home / folder)
        found.append(sorted(versions))
    return found


def assert_whole(folder):
    content = (folder / "variables" / "variables.index").read_text()
    word = (folder / "saved_model.pb").read_text().split()[1]
    assert content == word * 1000
    assert (folder / markers.PUBLISHED).exists()


def leftovers(target):
    """Names in the two homes that are no versions."""
    return sorted(
        child.name for home in target.homes for child in home.iterdir() if not child.name.isdigit()
    )


def everything(folder):
    """{path: content} of all files below a folder: to see that nothing changed."""
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
