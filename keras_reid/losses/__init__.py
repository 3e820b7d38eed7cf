"""Losses, one number per image: averaging them is the caller's decision."""

from keras_reid.losses.aligned import aligned_triplet
from keras_reid.losses.identity import label_smoothed_cross_entropy
from keras_reid.losses.misclassification import misclassification_loss
from keras_reid.losses.misranking import guarded_log, misranking_loss, misranking_of_distances
from keras_reid.losses.perception import ms_ssim, ms_ssim_scales
from keras_reid.losses.triplet import batch_hard_triplet, batch_semihard_triplet

__all__ = [
    "aligned_triplet",
    "batch_hard_triplet",
    "batch_semihard_triplet",
    "guarded_log",
    "label_smoothed_cross_entropy",
    "misclassification_loss",
    "misranking_loss",
    "misranking_of_distances",
    "ms_ssim",
    "ms_ssim_scales",
]
