"""The mis-ranking GAN: one pass of a generator that makes any ranking wrong."""

from keras_reid.misrank.attack import MisrankAttack, load_attack
from keras_reid.misrank.generator import build_generator
from keras_reid.misrank.model import MisrankModel
from keras_reid.misrank.objective import RELEASED, MisrankObjective
from keras_reid.misrank.pixel_budget import annealed, count_pixels, parse_num_pixels
from keras_reid.misrank.pixel_mask import sample_pixel_mask
from keras_reid.misrank.step import MisrankStep
from keras_reid.misrank.victim import Victim, as_victim

__all__ = [
    "RELEASED",
    "MisrankAttack",
    "MisrankModel",
    "MisrankObjective",
    "MisrankStep",
    "Victim",
    "annealed",
    "as_victim",
    "build_generator",
    "count_pixels",
    "load_attack",
    "parse_num_pixels",
    "sample_pixel_mask",
]
