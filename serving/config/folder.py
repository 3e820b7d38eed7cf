"""Writing the output whole or not at all, and never over what somebody changed by hand."""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from serving.errors import BadRequest

MANIFEST = "MANIFEST.json"
SECRET_FOLDER = "tls"
GENERATOR = "serving.configure"


def write_folder(output, texts, settings, *, force=False):
    """Replaces the folder `output` by `texts` ({path: text}) and a manifest of their hashes.

    Raises BadRequest where the folder was not written by this command, or was changed by hand and
    `force` is not set, or cannot be written; what was there stays then.
    """
    output = Path(output)
    refuse_changed(output, force)
    manifest = {
        "generator": GENERATOR,
        "settings": settings,
        "files": {path: _hash(text.encode()) for path, text in texts.items()},
    }
    texts = {**texts, MANIFEST: json.dumps(manifest, indent=2, sort_keys=True) + "\n"}
    aside = None
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.parent))
        draft = aside / "new"
        for path, text in texts.items():
            _write(draft / path, text)
        if output.exists():
            os.replace(output, aside / "old")
        try:
            os.replace(draft, output)
        except OSError:
            if (aside / "old").exists():
                os.replace(aside / "old", output)
            raise
    except OSError as error:
        raise BadRequest(
            f"cannot write {output}: {error.strerror or error}; "
            "choose a folder with space and write permission"
        ) from error
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)


def _write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = 0o600 if path.parent.name == SECRET_FOLDER else 0o755 if path.suffix == ".sh" else 0o644
    # The mode from the first byte on: a key must not be readable for a moment either.
    with open(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8"
    ) as f:
        f.write(text)
    path.chmod(mode)  # whatever the umask said


def refuse_changed(output, force):
    """Raises BadRequest where `output` holds anything that generating again would lose."""
    if not output.exists():
        return
    if not output.is_dir() or output.is_symlink():
        raise BadRequest(f"--output {output} is no folder of its own; name another")
    if not any(output.iterdir()):
        return
    if read_manifest(output) is None:
        raise BadRequest(
            f"--output {output} holds files that this command did not write; name another folder"
        )
    changed = changed_files(output)
    if changed and not force:
        some = ", ".join(changed[:3]) + " ..." * (len(changed) > 3)
        raise BadRequest(
            f"{output} was changed by hand ({some}): keep the changes elsewhere, or throw them "
            "away with --force"
        )


def read_manifest(folder):
    """The manifest of a folder that this command wrote, or None."""
    try:
        manifest = json.loads((Path(folder) / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    known = isinstance(manifest, dict) and manifest.get("generator") == GENERATOR
    complete = known and all(isinstance(manifest.get(key), dict) for key in ("files", "settings"))
    return manifest if complete else None


def changed_files(folder):
    """Paths below a generated folder that were changed, added or removed since, sorted."""
    folder = Path(folder)
    written = read_manifest(folder)["files"]
    found = {
        str(path.relative_to(folder)): path
        for path in folder.rglob("*")
        if not path.is_dir() and path != folder / MANIFEST
    }
    return sorted(
        path
        for path in written.keys() | found.keys()
        if path not in written or path not in found or written[path] != _hash_of(found[path])
    )


def _hash_of(path):
    """The hash of a file, or None of one that cannot be read."""
    try:
        return _hash(path.read_bytes())
    except OSError:
        return None


def _hash(content):
    return hashlib.sha256(content).hexdigest()
