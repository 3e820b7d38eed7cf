"""Finding one's way in the results of a transfer evaluation."""

from keras_reid.evaluation.transfer.files import data_name
from keras_reid.evaluation.transfer.plan import (
    BOTH,
    CROSS_DATASET,
    CROSS_MODEL,
    OWN_VICTIM,
    UNKNOWN,
)
from keras_reid.reports.short_names import short_names
from keras_reid.retrieval.distances import OWN

# In a cell, and in words.
RELATED = {
    OWN_VICTIM: "own",
    CROSS_MODEL: "model",
    CROSS_DATASET: "data",
    BOTH: "both",
    UNKNOWN: "?",
}
MEANING = {
    OWN_VICTIM: "the generator was trained against this very model, on this data",
    CROSS_MODEL: "against another one",
    CROSS_DATASET: "against this one, on other data",
    BOTH: "another model and other data",
    UNKNOWN: "not known",
}
MEASURES = {"rank1": "rank-1", "mean_ap": "mAP"}
NOISES = ("noise", "sign_noise")


class Reading:
    """Results with short names for everybody."""

    def __init__(self, results):
        self.results = results
        self.generators = short_names([each["source"] for each in results["generators"]])
        self.victims = short_names([each["source"] for each in results["victims"]])
        self.data = [data_name(results, index) for index in range(len(results["data"]))]
        self.several_data = len(self.data) > 1

    @property
    def epsilon(self):
        return f"{self.results['settings']['epsilon_255']:g}/255"

    @property
    def distance(self):
        """Which distance ranks, in words."""
        known = ", ".join(dict.fromkeys(each["distance"] for each in self.results["victims"]))
        if self.results["settings"]["metric"] == OWN:
            return f"each victim by its own distance ({known})"
        return f"every victim by the {known} distance"

    def cells(self, **wanted):
        """The cells that say what is wanted."""
        return [
            cell
            for cell in self.results["cells"]
            if all(cell[key] == value for key, value in wanted.items())
        ]

    def on_data(self, index):
        """ ", Market" where there are several data sets."""
        return f", {self.data[index]}" if self.several_data else ""

    def quality(self, generator, data):
        """How visible a generator's images are."""
        return next(
            each
            for each in self.results["quality"]
            if (each["generator"], each["data"]) == (generator, data)
        )


def explained(kinds, names=None):
    """What kinships mean: "own: ...; model: ...", by other names where some are given."""
    names = names or {kind: kind for kind in MEANING}
    return "; ".join(f"{names[kind]}: {what}" for kind, what in MEANING.items() if kind in kinds)


def under_noise(cell, measure):
    """What the stronger of both noises leaves."""
    return min(cell[name][measure] for name in NOISES)


def left(cell, measure, attacked=None):
    """Share of the clean figure that is left, or None where there was none."""
    value = cell["attacked"][measure] if attacked is None else attacked
    return value / cell["clean"][measure] if cell["clean"][measure] else None


def mean(values):
    """Of a list that is not empty."""
    return sum(values) / len(values)
