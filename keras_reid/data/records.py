"""What a data set is: records of images, in three splits, and the checks that need no pixels."""

import collections
import dataclasses
import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_reid.errors import ReIDError

JUNK = -1  # a detection nobody is scored on
DISTRACTOR = 0  # nobody's match: a negative that stays in the gallery
SPLITS = ("train", "query", "gallery")


class Record(NamedTuple):
    """One image file and who is on it, seen by which camera."""

    path: str
    pid: int
    camid: int
    split: str


@dataclasses.dataclass(frozen=True)
class Dataset:
    """Records by split. `gallery` holds distractors but no junk; junk is set aside in `junk`."""

    name: str
    root: str
    train: tuple[Record, ...]
    query: tuple[Record, ...]
    gallery: tuple[Record, ...]
    junk: tuple[Record, ...] = ()

    @classmethod
    def from_records(cls, name, root, records):
        """Sorts records of all splits into a data set, junk aside."""
        split = {key: [] for key in (*SPLITS, "junk")}
        for record in records:
            split["junk" if record.pid == JUNK else record.split].append(record)
        return cls(name=name, root=str(root), **{key: tuple(rows) for key, rows in split.items()})

    @property
    def records(self):
        """Every record, junk too."""
        return self.train + self.query + self.gallery + self.junk

    def fingerprint(self):
        """16 hex digits that are equal wherever names, sizes and labels of the images are."""
        return fingerprint(self.records, self.root)


def fingerprint(records, root):
    """Digest of relative names, file sizes and labels, whatever the order and the root's place."""
    lines = sorted(
        f"{record.split}\t{_portable_name(record.path, root)}\t{_size(record.path)}"
        f"\t{record.pid}\t{record.camid}\n"
        for record in records
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


def _portable_name(path, root):
    path = Path(path)
    try:
        return path.relative_to(root).as_posix()
    except ValueError:  # outside the root: what precedes its folder belongs to one machine
        return "/".join(path.parts[-2:])


def _size(path):
    try:
        return Path(path).stat().st_size
    except OSError as error:
        raise ReIDError(
            f"cannot read {path}: {error.strerror}; was it moved or removed?"
        ) from error


def pids_of(records):
    """[n] int64 person ids."""
    return np.array([record.pid for record in records], np.int64)


def camids_of(records):
    """[n] int64 camera ids."""
    return np.array([record.camid for record in records], np.int64)


def class_labels(records):
    """[n] int32: the pids renumbered 0 .. identities - 1 in ascending order, for a classifier."""
    return np.unique(pids_of(records), return_inverse=True)[1].reshape(-1).astype(np.int32)


def num_identities(records):
    """How many people the records show."""
    return len({record.pid for record in records})


def queries_without_match(query, gallery):
    """[q] bool: True where no gallery image shows the person through another camera."""
    cameras = collections.defaultdict(set)
    for record in gallery:
        cameras[record.pid].add(record.camid)
    return np.array(
        [
            record.pid in (JUNK, DISTRACTOR) or not cameras[record.pid] - {record.camid}
            for record in query
        ],
        bool,
    )


def check_training_records(records):
    """Refuses what nothing can be learned from."""
    if not records:
        raise ReIDError("there is no training image; check the data folder and its splits")
    if any(record.pid == DISTRACTOR for record in records):
        raise ReIDError(
            "pid 0 stands for distractors, strangers to each other, and can't be trained on as one "
            "person; number the training people from 1"
        )
    if num_identities(records) < 2:
        raise ReIDError(
            f"all {len(records)} training images show person {records[0].pid}; "
            "telling people apart needs at least two"
        )


def check_evaluation_records(query, gallery):
    """Refuses what nothing can be measured on."""
    if not query or not gallery:
        empty = "gallery" if query else "query"
        raise ReIDError(f"there is no {empty} image; an evaluation needs both query and gallery")
    if queries_without_match(query, gallery).all():
        raise ReIDError(
            f"none of the {len(query)} queries has a gallery image of the same person from another "
            "camera, so there is nothing to measure; check pids and camids, or use "
            "--camid_policy=unique for a CSV without cameras"
        )
