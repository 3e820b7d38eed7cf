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
    guide_sources=("query", "train"), bootstrap=20,
    black_box=("spsa",), black_box_queries=4, black_box_budget=40, black_box_steps=2,
)  # fmt: skip


# The least that has a page: nobody beside the model, one attack, no ball.
ALONE = dataclasses.replace(
    PLAN, attacks=("fna",), epsilons_255=(0,), seeds=(0,), guide_sources=("query",), rank_lists=1,
    black_box=(),
)  # fmt: skip


def evaluated(folder, plan, others):
    """results (as read from path), path, and folder (images are below it).

    Args:
      folder: empty.
      plan: RobustnessPlan.
      others: twin and surrogates for `run_robustness`.
    """
    dataset = write_people(folder / "people")
    found = run_robustness(
        colour_model(), dataset, plan, CellStore(folder / "cells"), command="python -m x", **others
    )
    told = results(found, dataset, plan, run_checks(found.evidence))
    told["rank_lists"] = save_examples(found, dataset, plan, folder / "images")
    told["provenance"] = provenance(["evaluate_robustness", "--model=a"])
    path = folder / "results.json"
    write_json(path, told)
    return types.SimpleNamespace(results=read_results(path), path=path, folder=folder)


def beside():
    """A twin with figures of its own, and a surrogate."""
    model = colour_model()

    def upside_down(images):
        return model.embed(tf.image.flip_up_down(images) ** 2)

    named = dataclasses.replace(model, source="tests:upside_down", fingerprint="d" * 16)
    twin = dataclasses.replace(named, embed=upside_down, logits=upside_down)
    surrogate = dataclasses.replace(model, source="runs/other/clean_0", fingerprint="e" * 16)
    return {"twin": twin, "surrogates": (surrogate,)}


def told(share):
    """A share as tables have it."""
    return f"{100 * share:.1f}"


def between(interval):
    """An interval as tables have it."""
    return "–".join(map(told, interval))


def entry(entries, **wanted):
    """The one entry that says what is wanted."""
    (found,) = (e for e in entries if all(e[key] == value for key, value in wanted.items()))
    return found
