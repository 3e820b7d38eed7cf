"""Market-1501 and DukeMTMC-reID: three folders, labels in the file names."""

import re

from keras_reid.data.folders import image_files, locate
from keras_reid.data.records import Dataset, Record
from keras_reid.errors import ReIDError

FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
_NAME = re.compile(r"(-1|\d+)_c(\d+)")


def load_market1501(root):
    """Reads a folder in Market-1501's layout, as downloaded or as the synthetic writer makes it."""
    return _load("market1501", root, nested=("Market-1501-v15.09.15",))


def load_dukemtmc(root, acknowledge_withdrawn=False):
    """Reads DukeMTMC-reID, which its authors withdrew in 2019."""
    if not acknowledge_withdrawn:
        raise ReIDError(
            "DukeMTMC-reID was withdrawn by its authors in 2019 because the people on it had not "
            "consented; to read a copy all the same pass --acknowledge_withdrawn "
            "(acknowledge_withdrawn=True)"
        )
    return _load("dukemtmc", root, nested=("DukeMTMC-reID",))


def _load(name, root, nested):
    root = locate(root, FOLDERS.values(), nested)
    records = [
        Record(str(path), *parse_name(path), split)
        for split, folder in FOLDERS.items()
        for path in image_files(root / folder)
    ]
    return Dataset.from_records(name, root, records)


def parse_name(path):
    """`0002_c1s1_000451_03.jpg` -> (2, 1): person and camera."""
    match = _NAME.match(path.name)
    if match is None:
        raise ReIDError(
            f"the name {path} does not say who and which camera; "
            "expected person_cCAMERA..., as in 0002_c1s1_000451_03.jpg"
        )
    return int(match[1]), int(match[2])
