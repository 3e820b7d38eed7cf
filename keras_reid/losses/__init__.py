"""Losses, one number per image: averaging them is the caller's decision."""

from keras_reid.losses.aligned import aligned_triplet
from keras_reid.losses.identity import label_smoothed_cross_entropy
from keras_reid.losses.triplet import batch_hard_triplet, batch_semihard_triplet

__all__ = [
    "aligned_triplet",
    "batch_hard_triplet",
    "batch_semihard_triplet",
    "label_smoothed_cross_entropy",
]
