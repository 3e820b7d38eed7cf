"""Where a bulk run puts its files, on any file system that Beam knows, each whole or not at all."""

import contextlib
import dataclasses
import json
import os
import posixpath
import re
import uuid

from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from keras_reid.errors import ReIDError, first_line

JOB, SUCCESS = "_job.json", "_SUCCESS"
FOLDERS = ("_dead_letters", "_partitions", "_listing")
FAILURES = (OSError, BeamIOError)
DRAFT = re.compile(r"\.(embeddings-|\d{5}-of-|_job|_SUCCESS).*\.[0-9a-f]{32}")  # of write_aside


@dataclasses.dataclass(frozen=True)
class Output:
    """The files of one output folder.

    root: folder, local or with a scheme (gs://, s3://, hdfs://).
    shards: number of partitions.
    suffix: of the files with records, "parquet" or "tfrecord".
    """

    root: str
    shards: int
    suffix: str

    def data(self, index):
        return under(self.root, f"embeddings-{self._name(index)}.{self.suffix}")

    def dead_letters(self, index):
        return under(self.root, "_dead_letters", f"{self._name(index)}.jsonl")

    def done(self, index):
        return under(self.root, "_partitions", f"{self._name(index)}.json")

    def listing(self, index):
        return under(self.root, "_listing", f"{self._name(index)}.jsonl")

    def finished(self):
        """{index: counts} of the partitions that are whole."""
        found = names_below(under(self.root, "_partitions"))
        indices = [i for i in range(self.shards) if f"{self._name(i)}.json" in found]
        return {index: read_json(self.done(index)) for index in indices}

    def _name(self, index):
        return f"{index:05d}-of-{self.shards:05d}"


def under(root, *names):
    """A path below `root`; every file system of Beam takes slashes."""
    return posixpath.join(root, *names)


def write_aside(path, content):
    """Writes bytes under a hidden name, then renames; two writers of one path do no harm."""
    folder, name = posixpath.split(path)
    draft = under(folder, f".{name}.{uuid.uuid4().hex}")
    try:
        with FileSystems.create(draft, compression_type=CompressionTypes.UNCOMPRESSED) as file:
            file.write(content)
        FileSystems.rename([draft], [path])
    except FAILURES as error:
        with contextlib.suppress(*FAILURES):  # what half of it took, on a full disk, is wanted back
            FileSystems.delete([draft])
        raise ReIDError(
            f"cannot write {path} ({reason(error)}); "
            "choose a folder with space and write permission"
        ) from error


def reason(error):
    """The first line of what went wrong, which Beam packs into a dictionary of all paths."""
    details = getattr(error, "exception_details", None) or {}
    return first_line(next(iter(details.values()), error))


def write_lines(path, rows):
    write_aside(path, "".join(json.dumps(row) + "\n" for row in rows).encode())


def read_lines(path):
    return [json.loads(line) for line in read_bytes(path).splitlines()]


def write_json(path, value):
    write_aside(path, (json.dumps(value, indent=2, sort_keys=True) + "\n").encode())


def read_json(path):
    try:
        return json.loads(read_bytes(path))
    except ValueError as error:
        raise ReIDError(f"{path} is damaged; remove the folder and begin again") from error


def read_bytes(path):
    try:
        with FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
            return file.read()
    except FAILURES as error:
        raise ReIDError(f"cannot read {path} ({first_line(error)})") from error


def names_below(folder):
    """The names of what lies directly in a folder; empty where there is none."""
    try:
        if FileSystems.get_scheme(folder) is None:
            return set(os.listdir(folder)) if os.path.exists(folder) else set()
        (found,) = FileSystems.match([under(folder, "*")])
    except FAILURES as error:
        raise ReIDError(f"cannot list {folder} ({first_line(error)})") from error
    return {posixpath.basename(row.path) for row in found.metadata_list}


def remove_drafts(root):
    """Takes away what killed writers left, once nobody writes here any more."""
    for folder in (root, *(under(root, name) for name in FOLDERS)):
        # Nothing else that is hidden there: it is somebody's.
        drafts = [under(folder, name) for name in names_below(folder) if DRAFT.fullmatch(name)]
        if drafts:
            FileSystems.delete(drafts)
