"""Which published claims about guides hold on a model: variants of one attack, side by side."""

from keras_reid.evaluation.study.run import run_guides_study
from keras_reid.evaluation.study.variants import SEVERAL

__all__ = ["SEVERAL", "run_guides_study"]
