"""An evaluation goes on where it was: cells are computed once, and shared with nobody wrongly."""

import dataclasses
import json

import numpy as np
import pytest

from keras_reid.evaluation import work
from keras_reid.evaluation.cells import CellStore
from keras_reid.evaluation.evaluator import run_robustness
from keras_reid.evaluation.robustness_results import results
from tests.evaluation.plans import SMALL


def evaluate(model, dataset, folder, plan=SMALL, **rest):
    told = []
    found = run_robustness(model, dataset, plan, CellStore(folder, told.append), **rest)
    return found, told


def test_a_second_call_computes_nothing_and_tells_the_same(dataset, model, tmp_path):
    first, _ = evaluate(model, dataset, tmp_path)
    assert (first.computed, first.reused) == (1 + 3 * 2 + 1, 0)
    asked = []

    def counting(images):
        asked.append(images)
        return model.embed(images)

    second, _ = evaluate(dataclasses.replace(model, embed=counting), dataset, tmp_path)
    assert (second.computed, second.reused) == (0, 8)
    assert len(asked) == 1  # its identity
    told = [results(found, dataset, SMALL, []) for found in (first, second)]
    assert [t.pop("cells")["computed"] for t in told] == [8, 0]
    assert json.dumps(told[0]) == json.dumps(told[1])


def test_after_ctrl_c_it_goes_on_where_it_was(dataset, model, tmp_path, monkeypatch):
    straight, _ = evaluate(model, dataset, tmp_path / "straight")
    measure, calls = work.measure, []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return measure(*arguments)

    monkeypatch.setattr(work, "measure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        evaluate(model, dataset, tmp_path / "cells")
    assert len(list((tmp_path / "cells").glob("*.npz"))) == 1 + 3
    monkeypatch.setattr(work, "measure", measure)
    resumed, _ = evaluate(model, dataset, tmp_path / "cells")
    assert (resumed.computed, resumed.reused) == (4, 4)
    for one, other in zip(straight.evidence.rows, resumed.evidence.rows, strict=True):
        np.testing.assert_array_equal(one.average_precision, other.average_precision)


def test_a_damaged_cell_is_computed_again_and_said_so(dataset, model, tmp_path):
    evaluate(model, dataset, tmp_path)
    for path in sorted(tmp_path.glob("*.npz"))[:2]:
        path.write_bytes(path.read_bytes()[:100])
    again, told = evaluate(model, dataset, tmp_path)
    assert (again.computed, again.reused) == (2, 6)
    assert len(told) == 2 and all("damaged" in sentence for sentence in told)


def test_another_model_or_setting_shares_nothing_wrongly(dataset, model, tmp_path):
    evaluate(model, dataset, tmp_path)
    weaker = dataclasses.replace(model, embed=lambda images: model.embed(images) ** 3)
    assert evaluate(weaker, dataset, tmp_path)[0].reused == 0
    cosine = dataclasses.replace(SMALL, metric="cosine")
    assert evaluate(model, dataset, tmp_path, cosine)[0].reused == 0
    more = dataclasses.replace(SMALL, epsilons_255=(0, 4, 8))
    wider, _ = evaluate(model, dataset, tmp_path, more)
    # The new epsilon, and the doubled steps, which go with the epsilon nearest to 5.
    assert (wider.computed, wider.reused) == (3 + 1, 1 + 3 * 2)


def test_the_bar_counts_what_is_left(dataset, model, tmp_path):
    bars = {}

    def progress(title, total):
        return lambda done: bars.update({title: (done, total)})

    evaluate(model, dataset, tmp_path, progress=progress)
    assert bars["7 cells to compute, 0 kept"][0] == bars["7 cells to compute, 0 kept"][1]
    bars.clear()
    evaluate(model, dataset, tmp_path, progress=progress)
    assert not bars
