"""What is wrong with a data set, before an hour is lost on it.

`examine` opens every image once; each check below looks at the labels and at what was seen, and
returns one finding.
"""

import collections
import dataclasses

import numpy as np

from keras_reid.data.readable import inspect_all
from keras_reid.data.records import (
    DISTRACTOR,
    SPLITS,
    Dataset,
    num_identities,
    queries_without_match,
)

OK, WARN, ERROR = "ok", "warn", "error"
LEVELS = (OK, WARN, ERROR)
_TINY = 16  # pixels of height below which nothing of a person is left


@dataclasses.dataclass(frozen=True)
class Finding:
    """One check's verdict: how bad, under which name, how much, and what it means."""

    level: str
    name: str
    figure: float
    sentence: str


@dataclasses.dataclass(frozen=True)
class SplitCount:
    """What a split holds. `identities` leaves distractors out."""

    split: str
    images: int
    identities: int
    cameras: int


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """Everything the doctor found."""

    name: str
    fingerprint: str
    splits: tuple[SplitCount, ...]
    findings: tuple[Finding, ...]

    @property
    def level(self):
        """The worst level of all findings."""
        return max((finding.level for finding in self.findings), key=LEVELS.index)

    def as_dict(self):
        """Plain values for JSON."""
        return {"level": self.level, **dataclasses.asdict(self)}


@dataclasses.dataclass(frozen=True)
class _Patient:
    dataset: Dataset
    used: tuple  # train, query and gallery records
    seen: list  # an Inspection of each


def examine(dataset, progress=None):
    """Looks at every record and image of a Dataset; junk is counted, not opened.

    Args:
      dataset: Dataset.
      progress: called with (images done, images in all).

    Returns:
      Diagnosis.
    """
    used = dataset.train + dataset.query + dataset.gallery
    patient = _Patient(dataset, used, inspect_all(used, progress))
    return Diagnosis(
        name=dataset.name,
        fingerprint=dataset.fingerprint(),
        splits=tuple(_count(split, getattr(dataset, split)) for split in (*SPLITS, "junk")),
        findings=tuple(check(patient) for check in CHECKS),
    )


def _count(split, records):
    people = [record for record in records if record.pid > DISTRACTOR]
    cameras = len({record.camid for record in records})
    return SplitCount(split, len(records), num_identities(people), cameras)


def training_people(patient):
    """Somebody to learn from, and somebody else."""
    people = num_identities(patient.dataset.train)
    if people == 0:
        return Finding(WARN, "training_people", 0, "there is no training image: evaluation only")
    if people == 1:
        return Finding(
            ERROR, "training_people", 1, "all training images show one person; two are needed"
        )
    return Finding(OK, "training_people", people, f"{people} people to learn from")


def evaluation_splits(patient):
    """Both a query and a gallery, or neither."""
    query, gallery = len(patient.dataset.query), len(patient.dataset.gallery)
    if query and gallery:
        return Finding(OK, "evaluation_splits", query, f"{query} queries, {gallery} gallery images")
    if query or gallery:
        lacking = "gallery" if query else "query"
        return Finding(ERROR, "evaluation_splits", 0, f"there is no {lacking} image to evaluate on")
    return Finding(WARN, "evaluation_splits", 0, "no query and no gallery image: training only")


def special_pids(patient):
    """Distractors belong into the gallery only."""
    wrong = [r for r in patient.used if r.pid == DISTRACTOR and r.split != "gallery"]
    if wrong:
        return Finding(
            ERROR,
            "special_pids",
            len(wrong),
            f"{len(wrong)} training or query images have pid 0, which stands for distractors; "
            f"number people from 1; first {wrong[0].path}",
        )
    return Finding(OK, "special_pids", 0, "distractors (pid 0) lie in the gallery only")


def single_images(patient):
    """A training person with one image has no positive pair."""
    counts = collections.Counter(record.pid for record in patient.dataset.train)
    single = sum(count == 1 for count in counts.values())
    if single:
        return Finding(
            WARN,
            "single_images",
            single,
            f"{single} of {len(counts)} training people have one image, so no match to learn from",
        )
    return Finding(OK, "single_images", 0, "every training person has two images or more")


def one_camera(patient):
    """Who is seen by one camera teaches nothing about change of camera."""
    cameras = collections.defaultdict(set)
    for record in patient.used:
        if record.pid > DISTRACTOR:
            cameras[record.split == "train", record.pid].add(record.camid)
    single = sum(len(seen) == 1 for seen in cameras.values())
    if single:
        return Finding(
            WARN,
            "one_camera",
            single,
            f"{single} of {len(cameras)} people are seen by one camera only, "
            "so nothing about them shows across cameras",
        )
    return Finding(OK, "one_camera", 0, "everybody is seen by two cameras or more")


def unmatched_queries(patient):
    """A query counts only if the gallery has its person from another camera."""
    query, gallery = patient.dataset.query, patient.dataset.gallery
    unmatched = np.flatnonzero(queries_without_match(query, gallery))
    figure = len(unmatched)
    if not figure:
        return Finding(OK, "unmatched_queries", 0, "every query has a match from another camera")
    first = f"first {query[unmatched[0]].path}"
    if figure == len(query):
        return Finding(
            ERROR,
            "unmatched_queries",
            figure,
            f"no query has a gallery image of its person from another camera ({first}): "
            "the evaluation would be empty; check pids and camids",
        )
    return Finding(
        WARN,
        "unmatched_queries",
        figure,
        f"{figure} of {len(query)} queries have no match from another camera "
        f"and will be skipped; {first}",
    )


def shared_people(patient):
    """Re-identification is measured on people never trained on."""
    train = {record.pid for record in patient.dataset.train}
    test = {record.pid for record in patient.dataset.query + patient.dataset.gallery}
    shared = sorted((train & test) - {DISTRACTOR})
    if shared:
        return Finding(
            ERROR,
            "shared_people",
            len(shared),
            f"{len(shared)} people are in training and test alike, "
            f"so the test would measure memory; first pid {shared[0]}",
        )
    return Finding(OK, "shared_people", 0, "nobody is in training and test alike")


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


def distractors(patient):
    """Counted: strangers that make the gallery harder."""
    count = sum(record.pid == DISTRACTOR for record in patient.dataset.gallery)
    return Finding(OK, "distractors", count, f"{count} distractors (pid 0) in the gallery")


def junk(patient):
    """Counted: detections nobody is scored on."""
    count = len(patient.dataset.junk)
    return Finding(OK, "junk", count, f"{count} junk images (pid -1) set aside")


CHECKS = (
    training_people,
    evaluation_splits,
    special_pids,
    single_images,
    one_camera,
    unmatched_queries,
    shared_people,
    unreadable_images,
    leaked_images,
    given_answers,
    repeated_images,
    image_sizes,
    distractors,
    junk,
)
