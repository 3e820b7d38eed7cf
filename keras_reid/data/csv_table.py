"""Any data set as one table: `path,pid,camid,split`."""

import csv
from pathlib import Path

from keras_reid.data.folders import require_files
from keras_reid.data.records import JUNK, SPLITS, Dataset, Record
from keras_reid.errors import ReIDError

UNIQUE = "unique"


def load_csv(path, camid_policy=None):
    """Reads a table with a header; relative image paths start at the table's folder.

    Args:
      path: the CSV file. `pid` -1 is junk and 0 a distractor; `split` is train, query or gallery.
      camid_policy: None reads the column `camid`; "unique" gives each image a camera of its own,
        for images of which nobody knows the camera.
    """
    if camid_policy not in (None, UNIQUE):
        raise ReIDError(f"camid_policy is {UNIQUE!r} or left out, not {camid_policy!r}")
    path = Path(path).expanduser()
    if not path.is_file():
        raise ReIDError(f"there is no CSV file {path}")
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            _check_columns(path, reader.fieldnames or [], camid_policy)
            # The reader's own count: a quoted field may hold line breaks.
            records = [_record(path, reader.line_num, row, camid_policy) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReIDError(f"cannot read {path} as a CSV file in UTF-8: {error}") from error
    if not records:
        raise ReIDError(f"{path} lists no image")
    if camid_policy == UNIQUE:
        records = [record._replace(camid=number) for number, record in enumerate(records, 1)]
    require_files(records, path)
    return Dataset.from_records("csv", path.parent, records)


def _check_columns(path, columns, camid_policy):
    missing = [name for name in ("path", "pid", "split") if name not in columns]
    if missing:
        raise ReIDError(
            f"{path} has no column {', '.join(missing)}; "
            "its first line must read path,pid,camid,split"
        )
    if "camid" not in columns and camid_policy is None:
        raise ReIDError(
            f"{path} has no column camid: gallery images of the query's own person and camera "
            "do not count, so with one camera for all images the evaluation would be empty; "
            "if cameras are unknown, pass --camid_policy=unique"
        )


def _record(path, line, row, camid_policy):
    name, split = (row["path"] or "").strip(), (row["split"] or "").strip()
    if not name:
        raise ReIDError(f"{path} line {line}: the path is empty")
    if split not in SPLITS:
        raise ReIDError(f"{path} line {line}: split is {split!r}, not one of {', '.join(SPLITS)}")
    pid = _integer(path, line, row, "pid")
    if pid < JUNK:
        raise ReIDError(f"{path} line {line}: pid is {pid}; the least is -1, for junk")
    camid = 0 if camid_policy == UNIQUE else _integer(path, line, row, "camid")
    return Record(str(path.parent / name), pid, camid, split)


def _integer(path, line, row, column):
    text = (row[column] or "").strip()
    try:
        return int(text)
    except ValueError:
        raise ReIDError(f"{path} line {line}: {column} is {text!r}, not a whole number") from None
