"""Checks of the files: readable, not the same twice, upright and large enough."""

import collections

import numpy as np

from keras_reid.data.doctor_finding import ERROR, OK, WARN, Finding
from keras_reid.data.records import SPLITS

_TINY = 16  # pixels of height below which nothing of a person is left


def unreadable_images(patient):
    """Every image must decode."""
    bad = [(r, s) for r, s in zip(patient.used, patient.seen, strict=True) if s.problem]
    if bad:
        record, inspection = bad[0]
        return Finding(
            ERROR,
            "unreadable_images",
            len(bad),
            f"{len(bad)} images can't be read; first {record.path}: {inspection.problem}",
        )
    return Finding(OK, "unreadable_images", 0, f"all {len(patient.used)} images can be read")


def leaked_images(patient):
    """The same picture must not be trained on and tested on."""
    pairs = [
        (same["train"][0], (same["query"] + same["gallery"])[0])
        for same in _same_content(patient)
        if same["train"] and (same["query"] or same["gallery"])
    ]
    return _pairs_finding("leaked_images", ERROR, pairs, "pictures are in training and test alike")


def given_answers(patient):
    """A query's own picture in the gallery is found by any model.

    Under the same person and camera the protocol drops it; under other labels it counts.
    """
    pairs = [
        (query, gallery)
        for same in _same_content(patient)
        for query in same["query"]
        for gallery in same["gallery"]
        if (query.pid, query.camid) != (gallery.pid, gallery.camid)
    ]
    return _pairs_finding(
        "given_answers",
        ERROR,
        pairs,
        "queries meet their own picture in the gallery under another person or camera",
    )


def repeated_images(patient):
    """The same picture twice in one split: a copy, or a contradiction."""
    pairs = [
        tuple(same[split][:2])
        for same in _same_content(patient)
        for split in SPLITS
        if len(same[split]) > 1
    ]
    contradictions = sum(a.pid != b.pid for a, b in pairs)
    return _pairs_finding(
        "repeated_images",
        WARN,
        pairs,
        f"pictures stand twice in one split, {contradictions} under two people",
    )


def _same_content(patient):
    """Groups of two records or more with equal bytes, each parted by split."""
    groups = collections.defaultdict(list)
    for record, inspection in zip(patient.used, patient.seen, strict=True):
        if inspection.digest:
            groups[inspection.digest].append(record)
    return [
        {split: [record for record in group if record.split == split] for split in SPLITS}
        for group in groups.values()
        if len(group) > 1
    ]


def _pairs_finding(name, level, pairs, what):
    if not pairs:
        return Finding(OK, name, 0, f"no {what.split(',')[0]}")
    a, b = pairs[0]
    return Finding(level, name, len(pairs), f"{len(pairs)} {what}; first {a.path} and {b.path}")


def image_sizes(patient):
    """Upright crops of people, large enough to show something."""
    sizes = np.array([(s.height, s.width) for s in patient.seen if not s.problem]).reshape(-1, 2)
    if not len(sizes):
        return Finding(WARN, "image_sizes", 0, "no image could be measured")
    height, width = np.median(sizes, axis=0).astype(int)
    smallest, largest = sizes[sizes.prod(1).argmin()], sizes[sizes.prod(1).argmax()]
    span = (
        f"median height x width {height} x {width}, smallest {smallest[0]} x {smallest[1]}, "
        f"largest {largest[0]} x {largest[1]}"
    )
    tiny = int((sizes[:, 0] < _TINY).sum())
    if width > height:
        return Finding(
            WARN, "image_sizes", int(height), f"{span}: wider than high, are these crops of people?"
        )
    if tiny:
        return Finding(WARN, "image_sizes", tiny, f"{span}: {tiny} are lower than {_TINY} pixels")
    return Finding(OK, "image_sizes", int(height), span)
