"""A model ready to be attacked, measured or exported, and what is known before it is ready."""

import dataclasses
from collections.abc import Callable
from typing import Any

from keras_reid.models.heads import EUCLIDEAN

PIXEL_RANGES = {"0,1": (0.0, 1.0), "0,255": (0.0, 255.0), "-1,1": (-1.0, 1.0)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """A model ready to be attacked, measured or exported, wherever it came from."""

    embed: Callable  # float32 [N, H, W, 3] in [0, 1] -> float32 [N, D], differentiable if it can be
    logits: Callable | None  # the same -> [N, num_ids], where the model has a classifier
    input_size: tuple[int, int]  # (height, width)
    embedding_size: int
    source: str
    kind: str  # "workdir", "keras", "torch", "saved_model" or "function"
    fingerprint: str  # of its weights; of its source file for a function
    model: Any  # the object behind `embed`; keeps its variables alive
    config: dict | None = None  # the training configuration, from a workdir
    data_fingerprint: str | None = None  # what a workdir's model was trained on
    distance: str = EUCLIDEAN  # what its embeddings are to be compared by: a metric of retrieval
    origin: str | None = None  # fingerprint of what an export was made from, as the export says

    @property
    def identity(self):
        """Fingerprint that a model and an export of it share."""
        return self.origin or self.fingerprint


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """What each way of loading finds, before it is checked and scaled."""

    embed: Callable
    kind: str
    fingerprint: str
    model: Any
    input_size: tuple | None = None  # (height, width), None where the model takes any
    logits: Callable | None = None
    config: dict | None = None
    data_fingerprint: str | None = None
    pixel_range: str | None = None  # fixed where the model is ours
    distance: str = EUCLIDEAN
    origin: str | None = None
