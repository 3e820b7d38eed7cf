"""What a check of a data set looks at, and what it answers."""

import dataclasses

from keras_reid.data.records import Dataset

OK, WARN, ERROR = "ok", "warn", "error"
LEVELS = (OK, WARN, ERROR)


@dataclasses.dataclass(frozen=True)
class Finding:
    """One check's verdict: how bad, under which name, how much, and what it means."""

    level: str
    name: str
    figure: float
    sentence: str


@dataclasses.dataclass(frozen=True)
class Patient:
    """A data set and what was seen of its images."""

    dataset: Dataset
    used: tuple  # train, query and gallery records
    seen: list  # an Inspection of each
