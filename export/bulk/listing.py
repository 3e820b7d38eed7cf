"""From --input to Items: a folder or pattern of images, a CSV table, or TFRecords."""

import csv
import io
import os
import posixpath
import re
import struct
from pathlib import Path

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from export.bulk.items import Item
from export.bulk.layout import FAILURES, read_bytes, under
from keras_reid.data.folders import IMAGE_SUFFIXES
from keras_reid.data.market1501 import parse_name
from keras_reid.errors import ReIDError, first_line

LABELS = range(-(2**63), 2**63)  # what an int64 holds
HEADER = 12  # of a record: its length and a checksum of that; four more bytes follow the record


def list_items(source, output=None):
    """Every image of `source`.

    Args:
      source: folder, pattern (folder/*.jpg, folder/**), .csv file or .tfrecord file(s); local or
        with a scheme that Beam knows.
      output: folder of which nothing is input, where it lies below the input.

    Returns:
      (kind, [Item]), kind "images", "csv" or "tfrecord". What a name tells in Market-1501's grammar
      (person_cCAMERA...) becomes pid and camid.

    Raises:
      ReIDError: nothing there, or nothing that could be an image.
    """
    if source.lower().endswith(".csv"):
        return "csv", list_table(source)
    root, files = list_files(source)
    if output is not None and is_below(output, root):
        files = [file for file in files if not is_below(file[0], output)]
    images = [file for file in files if suffix_of(file[0]) in IMAGE_SUFFIXES]
    records = [file for file in files if ".tfrecord" in posixpath.basename(file[0])]
    if images and records:
        raise ReIDError(
            f"{source} holds images and TFRecords; choose with a pattern such as {source}/*.jpg"
        )
    if not images and not records:
        raise ReIDError(f"{source} holds no JPEG or PNG image and no TFRecord file")
    if records:
        return "tfrecord", [item for path, _ in records for item in list_records(root, path)]
    return "images", [
        Item(key_of(root, path), path, size, None, *labels_of(path)) for path, size in images
    ]


def list_files(source):
    """(root, [(path, size)]) of a folder or pattern; keys are relative to the root."""
    local = FileSystems.get_scheme(source) is None
    if local and Path(source).is_dir():
        # Not through a pattern: a folder's own name may hold characters of one.
        root = Path(source).as_posix()
        files = [
            (path.as_posix(), size_of(path))
            for path in sorted(Path(source).rglob("*"))
            # A link to nowhere is listed, and becomes a dead letter; a pipe would never end.
            if path.is_file() or (path.is_symlink() and not path.exists())
        ]
    elif local and Path(source).exists():
        root, files = posixpath.dirname(source), [(source, Path(source).stat().st_size)]
    else:
        # Beam finds nothing by a pattern that begins in the working directory itself.
        pattern = f"./{source}" if local and not posixpath.dirname(source) else source
        root = posixpath.dirname(re.split("[*?[]", pattern)[0])
        files = match(pattern)
        if not files and not local:
            root = source.rstrip("/")
            files = match(f"{root}/**")
        if local:
            files = [(path, size) for path, size in files if not Path(path).is_dir()]
    if not files:
        raise ReIDError(f"{source} does not exist or is empty; name a folder, CSV file or TFRecord")
    return root, [file for file in files if not posixpath.basename(file[0]).startswith(".")]


def match(pattern):
    try:
        (found,) = FileSystems.match([pattern])
    except FAILURES as error:
        raise ReIDError(f"cannot list {pattern} ({first_line(error)})") from error
    return sorted((row.path, row.size_in_bytes) for row in found.metadata_list)


def list_table(source):
    """The rows of a CSV file with the columns path and, where they are known, pid and camid."""
    try:
        text = read_bytes(source).decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""))
        rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ReIDError(f"cannot read {source} as a CSV file in UTF-8: {error}") from error
    if "path" not in (reader.fieldnames or []):
        raise ReIDError(f"{source} has no column path; its first line must read path,pid,camid")
    if not rows:
        raise ReIDError(f"{source} lists no image")
    folder = posixpath.dirname(source)
    items, seen = [], {}
    for line, row in rows:
        item = row_item(source, folder, line, row)
        if item.key in seen:
            raise ReIDError(
                f"{source} line {line}: {item.key!r} is in line {seen[item.key]} already; "
                "an image may be listed once"
            )
        seen[item.key] = line
        items.append(item)
    return items


def row_item(source, folder, line, row):
    name = (row["path"] or "").strip()
    if not name:
        raise ReIDError(f"{source} line {line}: the path is empty")
    labels = []
    for column in ("pid", "camid"):
        text = (row.get(column) or "").strip()
        try:
            labels.append(int(text) if text else None)
        except ValueError:
            labels.append(LABELS.stop)
        if labels[-1] is not None and labels[-1] not in LABELS:
            raise ReIDError(f"{source} line {line}: {column} is {text!r}, not a whole number")
    # A table is believed: its images are not looked up one by one, and a missing one is a letter.
    path = name if "://" in name else under(folder, name)
    return Item(name, path, 0, None, *labels)


def list_records(root, path):
    """The records of a TFRecord file by position; what a damaged one hides is one Item."""
    name = key_of(root, path)
    if suffix_of(path) in (".gz", ".zlib", ".bz2", ".zst"):
        raise ReIDError(f"{path} is compressed; decompress it, or write TFRecords uncompressed")
    items, offset = [], 0
    try:
        with FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
            end = file.seek(0, io.SEEK_END)
            while offset < end:
                file.seek(offset)
                header = file.read(HEADER)
                length = struct.unpack("<Q", header[:8])[0] if len(header) == HEADER else end
                key = f"{name}:{len(items)}"
                if offset + HEADER + length + 4 > end:
                    problem = f"the file is damaged from byte {offset} on"
                    items.append(Item(key, path, end - offset, offset, problem=problem))
                    break
                items.append(Item(key, path, length, offset))
                offset += HEADER + length + 4
    except FAILURES as error:
        raise ReIDError(f"cannot read {path} ({first_line(error)})") from error
    return items


def labels_of(path):
    """(pid, camid) that a file name tells, or (None, None)."""
    try:
        labels = parse_name(Path(path))
    except ReIDError:
        return None, None
    return labels if all(label in LABELS for label in labels) else (None, None)


def key_of(root, path):
    """The path below `root`, as text whatever its bytes are: a file's name may be any."""
    root = root.rstrip("/")
    below = path[len(root) + 1 :] if root and path.startswith(root + "/") else path
    return os.fsencode(below).decode("utf-8", "backslashreplace")


def is_below(path, folder):
    if FileSystems.get_scheme(path) is None:
        path, folder = os.path.abspath(path), os.path.abspath(folder)
    return path.startswith(folder.rstrip("/") + "/")


def size_of(path):
    """Bytes of a local file; 0 of what is not there."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def suffix_of(path):
    return posixpath.splitext(path)[1].lower()
