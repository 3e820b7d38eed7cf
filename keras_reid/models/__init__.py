"""Models: ours to build, anybody's to load."""

from keras_reid.models.backbones import BACKBONES
from keras_reid.models.differentiable import check_differentiable, check_gradient
from keras_reid.models.embedder import HEADS, PRECISIONS, ReIDModel, build_reid_model
from keras_reid.models.load import load_model
from keras_reid.models.loaded import LoadedModel
from keras_reid.models.weights import fingerprint, load_weights

__all__ = [
    "BACKBONES",
    "HEADS",
    "PRECISIONS",
    "LoadedModel",
    "ReIDModel",
    "build_reid_model",
    "check_differentiable",
    "check_gradient",
    "fingerprint",
    "load_model",
    "load_weights",
]
