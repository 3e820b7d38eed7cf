"""Results for a person's eyes: curves, rank lists, one self-contained page."""

from keras_reid.reports.content import Figure, ReportContent, Table
from keras_reid.reports.curves import cmc_curve, epsilon_curves
from keras_reid.reports.html import render, write_report
from keras_reid.reports.rank_lists import rank_lists
from keras_reid.reports.robustness import robustness_report
from keras_reid.reports.summaries import attack_report, retrieval_report
from keras_reid.reports.transfer import transfer_report

__all__ = [
    "Figure",
    "ReportContent",
    "Table",
    "attack_report",
    "cmc_curve",
    "epsilon_curves",
    "rank_lists",
    "render",
    "retrieval_report",
    "robustness_report",
    "transfer_report",
    "write_report",
]
