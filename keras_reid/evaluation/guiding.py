"""Which guides a data set offers to an attack, from a source that is always named."""

import dataclasses

import numpy as np

from keras_reid.attacks import (
    furthest_negative_guides,
    pulled_identities,
    sample_guides,
    sampled_rows,
)
from keras_reid.errors import ReIDError

SOURCES = ("query", "gallery", "train")
SAMPLED = ("fgsm", "ifgsm", "mifgsm", "pgd")  # attacks that take num_push and num_pull


@dataclasses.dataclass(frozen=True, kw_only=True)
class GuideSource:
    """Embeddings that may guide, and how they are chosen.

    embeddings, pids: [M, D] and [M]; None: the attacked images guide each other.
    num_push, num_pull: random guides per image for the attacks that take them (fgsm ... pgd).
    selection: "furthest" or "random" identity to pull to.
    metric, preset: as in `make_attack`.
    """

    embeddings: np.ndarray | None = None
    pids: np.ndarray | None = None
    num_push: int = 1
    num_pull: int = 0
    selection: str = "furthest"
    metric: str = "l2"
    preset: str = "paper"
    seed: int = 0

    def __post_init__(self):
        if self.num_push < 0 or self.num_pull < 0 or self.num_push + self.num_pull == 0:
            raise ReIDError("num_push and num_pull must not be negative, nor both zero")

    def guides(self, name, embeddings, pids):
        """`Guides` of the attack `name` for images with these embeddings and pids."""
        if name == "fna":
            return furthest_negative_guides(embeddings, pids, preset=self.preset, **self._common)
        return sample_guides(embeddings, pids, **self._sampled, **self._common)

    def rows(self, name, embeddings, pids):
        """Who these guides are: (pushes, pulls), one int array of rows of the source an image."""
        if name != "fna":
            return sampled_rows(embeddings, pids, **self._sampled, **self._common)
        alone = self.embeddings is None
        source = np.asarray(pids if alone else self.pids)
        pulled = self.pulled(embeddings, pids)
        pushes = [np.flatnonzero(source == pid) for pid in pids]
        if alone and self.preset == "paper":
            pushes = [rows[rows != image] for image, rows in enumerate(pushes)]
        return pushes, [np.flatnonzero(source == pid) for pid in pulled]

    def pulled(self, embeddings, pids):
        """The pid [N] that each image is pulled to by the attacks that pull."""
        return pulled_identities(embeddings, pids, **self._common)

    @property
    def _sampled(self):
        return {"num_push": self.num_push, "num_pull": self.num_pull}

    @property
    def _common(self):
        return {
            "guide_embeddings": self.embeddings,
            "guide_pids": self.pids,
            "metric": self.metric,
            "selection": self.selection,
            "seed": self.seed,
        }


def without_push(guides):
    """[N] bool: images that no other image of their identity could push."""
    return np.asarray(guides.push_weight).sum(axis=1) == 0
