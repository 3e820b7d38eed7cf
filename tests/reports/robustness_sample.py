"""A robustness evaluation with everything in it, measured for real on eight people of colours."""

import dataclasses
import types

import tensorflow as tf

from keras_reid.evaluation.cells import CellStore
from keras_reid.evaluation.checks import run_checks
from keras_reid.evaluation.evaluator import run_robustness
from keras_reid.evaluation.robustness_files import read_results, save_examples
from keras_reid.evaluation.robustness_plan import RobustnessPlan
from keras_reid.evaluation.robustness_results import results
from keras_reid.files import write_json
from keras_reid.runs.provenance import provenance
from tests.evaluation.people import colour_model, write_people

PLAN = RobustnessPlan(
    attacks=("sma", "fna"), epsilons_255=(5,), seeds=(0, 1), steps=2, rank_lists=2,
    attacked=("query", "gallery"), guide_sources=("query", "train"), bootstrap=20,
    black_box=("spsa",), black_box_queries=4, black_box_budget=40, black_box_steps=2,
)  # fmt: skip


def evaluated(folder, plan=PLAN, alone=False):
    """What was found: results (read from `path`), dataset and the folder of its images."""
    model = colour_model()

    def rounded(images):
        return model.embed(tf.round(images * 255) / 255)

    beside = {}
    if not alone:
        twin = dataclasses.replace(model, embed=rounded, source="tests:rounded", fingerprint="d")
        surrogate = dataclasses.replace(model, source="runs/other/clean_0", fingerprint="e")
        beside = {"twin": twin, "surrogates": (surrogate,)}
    dataset = write_people(folder / "people")
    found = run_robustness(
        model, dataset, plan, CellStore(folder / "cells"), command="python -m x", **beside
    )
    told = results(found, dataset, plan, run_checks(found.evidence))
    told["rank_lists"] = save_examples(found, dataset, plan, folder / "images")
    told["provenance"] = provenance(["evaluate_robustness", "--model=a"])
    path = folder / "results.json"
    write_json(path, told)
    return types.SimpleNamespace(results=read_results(path), path=path, folder=folder)
