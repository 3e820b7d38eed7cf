"""MSMT17, first and second release: lists of `path label`, the camera in the file name."""

from pathlib import Path

from keras_reid.data.folders import locate, require_files
from keras_reid.data.records import Dataset, Record
from keras_reid.errors import ReIDError

# The second release blurs faces and renames the image folders; its lists are laid out alike.
RELEASES = {"V1": ("train", "test"), "V2": ("mask_train_v2", "mask_test_v2")}
_LISTS = ["list_train.txt", "list_query.txt", "list_gallery.txt"]


def load_msmt17(root, include_val=False):
    """Reads MSMT17.

    Args:
      root: the folder with the lists, or the one above it.
      include_val: train on `list_val.txt` too. Those images show training people; the usual
        comparison leaves them out, the data set's own count of 32,621 includes them.
    """
    lists = [*_LISTS, "list_val.txt"] if include_val else _LISTS
    root = locate(root, lists, nested=("MSMT17_V1", "MSMT17_V2"))
    train_folder, test_folder = _image_folders(root)
    train = _read_list(root / "list_train.txt", train_folder, "train")
    if include_val:
        train += _read_list(root / "list_val.txt", train_folder, "train")
    query = _read_list(root / "list_query.txt", test_folder, "query")
    gallery = _read_list(root / "list_gallery.txt", test_folder, "gallery")
    # Labels start at 0 in both parts and mean different people in each; here 0 is a distractor.
    people = 1 + max(record.pid for record in train)
    records = _shift(train, 1) + _shift(query + gallery, 1 + people)
    require_files(records, f"a list in {root}")
    return Dataset.from_records("msmt17", root, records)


def _image_folders(root):
    for folders in RELEASES.values():
        if all((root / folder).is_dir() for folder in folders):
            return [root / folder for folder in folders]
    names = " nor ".join(" and ".join(folders) for folders in RELEASES.values())
    raise ReIDError(f"the data folder {root} has neither {names}")


def _read_list(path, folder, split):
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ReIDError(f"cannot read {path} as a list in UTF-8: {error}") from error
    records = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            name, pid = line.split()
            camid = int(Path(name).name.split("_")[2])
            records.append(Record(str(folder / name), int(pid), camid, split))
        except (ValueError, IndexError):
            raise ReIDError(
                f"{path} line {number} does not parse: {line.strip()!r}; "
                "expected 0000/0000_000_01_0303morning_0015_0.jpg 0"
            ) from None
    if not records:
        raise ReIDError(f"{path} names no image")
    return records


def _shift(records, offset):
    return [record._replace(pid=record.pid + offset) for record in records]
