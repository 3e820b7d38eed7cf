"""What is wrong with a data set, before an hour is lost on it.

`examine` opens every image once; each check looks at the labels or at what was seen, and returns
one finding.
"""

import dataclasses

from keras_reid.data import doctor_labels as labels
from keras_reid.data import doctor_pictures as pictures
from keras_reid.data.doctor_finding import ERROR, LEVELS, OK, WARN, Finding, Patient
from keras_reid.data.readable import inspect_all
from keras_reid.data.records import DISTRACTOR, SPLITS, num_identities

__all__ = ["CHECKS", "ERROR", "OK", "WARN", "Diagnosis", "Finding", "SplitCount", "examine"]

CHECKS = (
    labels.training_people,
    labels.evaluation_splits,
    labels.special_pids,
    labels.single_images,
    labels.one_camera,
    labels.unmatched_queries,
    labels.shared_people,
    pictures.unreadable_images,
    pictures.leaked_images,
    pictures.given_answers,
    pictures.repeated_images,
    pictures.image_sizes,
    labels.distractors,
    labels.junk,
)


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


def examine(dataset, progress=None):
    """Looks at every record and image of a Dataset; junk is counted, not opened.

    Args:
      dataset: Dataset.
      progress: called with (images done, images in all).

    Returns:
      Diagnosis.
    """
    used = dataset.train + dataset.query + dataset.gallery
    patient = Patient(dataset, used, inspect_all(used, progress))
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
