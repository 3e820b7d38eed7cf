"""A trained generator as one more attack of the evaluations, and whom their checks compare."""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.data.images import pixel_batches
from keras_reid.data.records import pids_of
from keras_reid.errors import ReIDError
from keras_reid.evaluation.cells import CellStore
from keras_reid.evaluation.checks import CHECKS
from keras_reid.evaluation.checks import rows as pick
from keras_reid.evaluation.evaluator import run_robustness
from keras_reid.evaluation.generator import load_generator
from keras_reid.evaluation.misrank_runner import MisrankRunner
from keras_reid.evaluation.plan import AttackPlan, run_plan
from keras_reid.evaluation.robustness_files import save_examples, write_per_query
from keras_reid.evaluation.robustness_results import results
from keras_reid.evaluation.worst_case import worst_precision
from keras_reid.reports import render, robustness_report
from tests.evaluation.people import colour_model
from tests.evaluation.plans import SMALL
from tests.misrank.models import SIZE, write_generator
from tests.reports.pages import Page


@pytest.fixture(scope="module")
def model():
    """The colour model at a size that generators take."""
    narrow = colour_model()

    def embed(images):
        return narrow.embed(tf.image.resize(images, narrow.input_size, antialias=True))

    return dataclasses.replace(narrow, embed=embed, logits=None, input_size=SIZE)


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    return write_generator(tmp_path_factory.mktemp("generator"), SIZE, victim="somebody")


@pytest.fixture(scope="module")
def generator(workdir):
    return load_generator(workdir)


@pytest.fixture(scope="module")
def found(dataset, model, generator, tmp_path_factory):
    store = CellStore(tmp_path_factory.mktemp("cells"))
    other = dataclasses.replace(model, source="another")
    return run_robustness(
        model, dataset, SMALL, store, twin=other, surrogates=(other,), generator=generator
    )


def misrank_rows(rows):
    return [row for row in rows if row.attack == "misrank"]


def test_the_generator_is_a_row_at_every_epsilon(found, dataset, model, generator):
    nothing, row = misrank_rows(found.evidence.rows)
    assert nothing.figures == found.evidence.clean and nothing.linf_255 == 0
    assert (row.epsilon_255, row.steps, row.zero_gradient) == (8, 1, -1)
    assert row.guide_source == "none" and row.reaches_the_edge and row.linf_255 == 8
    # By hand: the generator's own runner, and the distance that each image moved.
    people = [record for record in dataset.query if record.pid > 0]
    clean = np.concatenate(list(pixel_batches(people, SIZE, 8)))
    attacked, _ = MisrankRunner(generator.attack).run(clean, epsilon=8 / 255)
    moved = np.linalg.norm(
        model.embed(attacked / np.float32(255)) - model.embed(clean / np.float32(255)), axis=1
    )
    np.testing.assert_allclose(row.displacement, moved, atol=1e-4)
    (twin,) = (r for r in misrank_rows(found.evidence.twin) if r.epsilon_255 == 8)
    np.testing.assert_array_equal(row.average_precision, twin.average_precision)
    assert not misrank_rows(found.evidence.transfer)


def test_it_counts_in_the_worst_case_and_not_as_a_white_box(found, dataset):
    told = results(found, dataset, SMALL, [])
    attacks = [r for r in found.evidence.rows if r.epsilon_255 == 8 and "noise" not in r.attack]
    grid = [r for r in attacks if not r.extra]
    assert {r.attack for r in grid} == {"sma", "misrank"}
    (worst,) = (e for e in told["worst"] if (e["role"], e["epsilon_255"]) == ("victim", 8))
    assert worst["mean_ap"] == pytest.approx(np.nanmean(worst_precision(grid)))
    assert {row.attack for row in pick.attacks(found.evidence.rows)} == {"sma", "misrank"}
    assert {row.attack for row in pick.white_box(found.evidence.rows)} == {"sma"}
    assert {row.attack for row in pick.iterative(found.evidence.rows)} == {"sma"}


def test_checks_see_it_where_they_should(found):
    def verdict(name, **changes):
        rows = [
            dataclasses.replace(row, **changes) if row.attack == "misrank" else row
            for row in found.evidence.rows
        ]
        _, check = CHECKS[name]
        return check(dataclasses.replace(found.evidence, rows=rows))

    assert verdict("inside the ball on uint8").verdict == "pass"
    assert verdict("inside the ball on uint8", linf_255=9).verdict == "fail"
    assert verdict("attacks change pixels", changed=0.0).verdict == "fail"
    assert verdict("embeddings move", still=19).verdict == "fail"
    # A generator that does nothing to this model says nothing about its gradients.
    dead = {"average_precision": np.ones(19)}
    for name in ("attacks beat noise", "monotone in epsilon", "gradients not zero"):
        assert verdict(name, **dead) == verdict(name)


def test_cells_know_the_generator_and_its_pixels(dataset, model, workdir, tmp_path):
    plan = dataclasses.replace(SMALL, epsilons_255=(8,), double_steps=False)

    def computed(**how):
        generator = load_generator(workdir, **how)
        done = run_robustness(model, dataset, plan, CellStore(tmp_path), generator=generator)
        return done, misrank_rows(done.evidence.rows)[0]

    all_pixels, whole = computed()
    again, _ = computed(num_pixels=1.0)
    assert again.computed == 0 and again.reused == all_pixels.computed
    few, part = computed(num_pixels=0.25)
    assert few.computed == 1
    assert part.changed <= 0.25 < whole.changed
    assert "at most 48 pixels" in few.evidence.threat_model["misrank"]


def test_files_and_page_tell_it(found, dataset, tmp_path):
    told = results(found, dataset, SMALL, [])
    assert told["generator"]["victim_fingerprint"] == "somebody"
    told["rank_lists"] = save_examples(found, dataset, SMALL, tmp_path)
    told["provenance"] = {"command": "c"}
    write_per_query(tmp_path / "q.csv", found, dataset)
    assert "misrank" in (tmp_path / "q.csv").read_text()
    told = json.loads(json.dumps(told))
    page = Page(render(robustness_report(told, attacks=["misrank"])))
    assert "misrank" in page.text and found.generator.fingerprint in page.text
    del told["generator"]  # as written before there was a choice
    assert found.generator.fingerprint not in Page(render(robustness_report(told))).text


def test_it_joins_the_attacks_of_a_plan(dataset, model, generator, found):
    plan = AttackPlan(attacks=("noise",), epsilons=(8 / 255,))
    noise, row = run_plan(model, dataset, plan, generator=generator)["rows"]
    assert (noise["attack"], row["attack"], row["steps"]) == ("noise", "misrank", 1)
    same = misrank_rows(found.evidence.rows)[1]
    assert row["mean_ap"] == pytest.approx(same.figures["mean_ap"])


def test_another_input_size_gets_a_sentence_and_leaves_a_twin_out(
    dataset, model, tmp_path_factory, tmp_path
):
    larger = write_generator(tmp_path_factory.mktemp("larger"), (32, 16))
    with pytest.raises(ReIDError, match="takes crops of 32x16.*--input_size=16,12"):
        run_robustness(model, dataset, SMALL, CellStore(tmp_path), generator=load_generator(larger))
    with pytest.raises(ReIDError, match="takes crops of 32x16"):
        run_plan(
            model, dataset, AttackPlan(attacks=("noise",), epsilons=(0.1,)),
            generator=load_generator(larger),
        )  # fmt: skip


@pytest.mark.parametrize("num_pixels", [193, -1, 1.5])
def test_numbers_of_pixels_that_no_crop_has_get_a_sentence(workdir, num_pixels):
    with pytest.raises(ReIDError, match=f"num_pixels is {num_pixels}"):
        load_generator(workdir, num_pixels)


def test_distractors_stay_as_they_are(found, dataset):
    people = int(np.sum(pids_of(dataset.query) > 0))
    assert all(len(row.displacement) == people for row in misrank_rows(found.evidence.rows))
