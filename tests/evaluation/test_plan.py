"""Attacks over a data set: the figures, the sides, the files, and what the table must not hide."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_reid.attacks import ATTACKS, NOISES
from keras_reid.data.images import read_pixels
from keras_reid.data.records import Record
from keras_reid.errors import ReIDError
from keras_reid.evaluation.plan import AttackPlan, run_plan
from keras_reid.evaluation.saved_images import ImageSaver
from keras_reid.evaluation.trials import Trial, make_trials
from tests.evaluation.people import SIZE, colour_model, write_people

EVERYTHING = (*NOISES, *ATTACKS)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_people(tmp_path_factory.mktemp("people"))


def measure(dataset, attacks, epsilons=(8,), **settings):
    plan = AttackPlan(
        attacks=attacks, epsilons=tuple(e / 255 for e in epsilons), batch_size=7, **settings
    )
    return run_plan(colour_model(), dataset, plan)


@pytest.fixture(scope="module")
def everything(dataset):
    return measure(dataset, EVERYTHING, steps=5)


def row(summary, attack, epsilon_255=8):
    found = [
        r for r in summary["rows"] if r["attack"] == attack and r["epsilon_255"] == epsilon_255
    ]
    assert len(found) == 1
    return found[0]


def test_every_attack_has_a_row_and_uses_its_ball(everything):
    assert [r["attack"] for r in everything["rows"]] == list(EVERYTHING)
    for figures in everything["rows"]:
        assert figures["linf_255"] == 8
        assert 0 < figures["mean_l2"] <= 8 / 255 * np.sqrt(SIZE[0] * SIZE[1] * 3)
        assert figures["still"] == 0
        assert 0 <= figures["mean_ap"] <= 1


def test_attacks_cost_more_than_noise_and_noise_costs_little(everything):
    clean = everything["clean"]["mean_ap"]
    assert clean > 0.8
    assert clean - row(everything, "noise")["mean_ap"] < 0.05
    for name in ("ifgsm", "sma", "fna", "pgd"):
        assert row(everything, name)["mean_ap"] < row(everything, "sign_noise")["mean_ap"]


def test_the_summary_survives_json_and_names_the_threat(everything):
    told = json.loads(json.dumps(everything))
    assert told["threat_model"]["attacked"] == "query"
    assert told["threat_model"]["guide source"] == "query"
    assert told["data"]["query"] == 19 and told["data"]["gallery"] == 20
    assert 0 < told["chance"]["mean_ap"] < told["clean"]["mean_ap"]


def test_rank_lists_obey_the_camera_rule(everything):
    assert len(everything["rank_lists"]) == 6 * len(EVERYTHING)
    for entry in everything["rank_lists"]:
        for place in entry["clean"] + entry["attacked"]:
            same = place["pid"] == entry["query"]["pid"]
            assert place["match"] == same
            assert not (same and place["camid"] == entry["query"]["camid"])
        distances = [place["distance"] for place in entry["attacked"]]
        assert distances == sorted(distances)


def test_epsilon_zero_is_the_clean_result(dataset):
    summary = measure(dataset, ("sma", "fna", "noise"), epsilons=(0,))
    for figures in summary["rows"]:
        assert figures["mean_ap"] == summary["clean"]["mean_ap"]
        assert figures["linf_255"] == 0 and figures["displacement"] == 0


def test_an_image_alone_in_its_identity_is_attacked_with_sma_and_counted(everything, dataset):
    # pid 7 has one query image, and queries guide each other.
    assert row(everything, "fna")["fallbacks"] == 1
    assert row(everything, "ifgsm")["fallbacks"] == 1
    assert row(everything, "sma")["fallbacks"] == 0
    from_gallery = measure(dataset, ("fna",), guide_source="gallery")
    assert row(from_gallery, "fna")["fallbacks"] == 0


def test_the_batch_size_changes_nothing(dataset):
    plan = {"attacks": ("sma", "fna"), "epsilons": (8 / 255,)}
    rows = [
        run_plan(colour_model(), dataset, AttackPlan(batch_size=size, **plan))["rows"]
        for size in (4, 19)
    ]
    for small, large in zip(*rows, strict=True):
        assert small["mean_ap"] == pytest.approx(large["mean_ap"], abs=0.02)
        assert small["displacement"] == pytest.approx(large["displacement"], rel=0.01)


def test_an_attack_on_the_gallery_leaves_distractors_alone(dataset, tmp_path):
    summary = measure(dataset, ("sma",), attacked="gallery", save_images=str(tmp_path))
    assert summary["threat_model"]["attacked"] == "gallery"
    assert row(summary, "sma")["mean_ap"] < summary["clean"]["mean_ap"]
    told = {p.name: json.loads(p.read_text()) for p in (tmp_path / "sma_8").glob("*.json")}
    assert len(told) == 20
    for facts in told.values():
        assert facts["linf_255"] == (0 if facts["pid"] == 0 else 8)


def test_saved_images_are_what_was_measured(dataset, tmp_path):
    summary = measure(dataset, ("fna",), save_images=str(tmp_path), save_count=5)
    files = sorted((tmp_path / "fna_8").iterdir())
    assert len([f for f in files if f.suffix == ".png"]) == 5
    assert len([f for f in files if f.suffix == ".json"]) == 5
    facts = json.loads(files[0].with_suffix(".json").read_text())
    pixels = np.asarray(Image.open(files[0].with_suffix(".png")))
    clean = np.asarray(read_pixels(facts["source"], SIZE))
    assert pixels.shape == (*SIZE, 3) and pixels.dtype == np.uint8
    assert np.abs(pixels.astype(int) - clean).max() == facts["linf_255"] == 8
    assert facts["attack"] == "fna" and facts["guide_source"] == "query"
    assert facts["displacement"] > 0 and facts["seed"] == 0
    listed = [e["adversarial"] for e in summary["rank_lists"]]
    # The six lists are spread over 19 queries, of which the first five were saved.
    assert [path is None for path in listed] == [False, False, True, True, True, True]
    assert all(Path(path).exists() for path in listed if path)


def test_images_of_one_name_do_not_overwrite_each_other(tmp_path):
    records = [Record(f"{folder}/1.png", 1, 1, "query") for folder in "ab"]
    saver = ImageSaver(tmp_path, records, Trial(attack="sma", epsilon=1 / 255), {})
    pixels = np.zeros((2, *SIZE, 3), np.uint8)
    saver(0, pixels, pixels + 1, np.zeros(2))
    assert len(list(tmp_path.glob("*.png"))) == 2


def test_a_lonely_image_under_fgsm_gets_one_step(dataset):
    (trial,) = make_trials(("fgsm",), (8 / 255,))
    assert trial.alone().attack == "sma" and trial.alone().effective_steps == 1
    (longer,) = make_trials(("ifgsm",), (8 / 255,), steps=7)
    assert longer.alone().effective_steps == 7


def test_what_cannot_work_is_refused_before_anything_is_embedded(dataset):
    def fail(*_):
        raise AssertionError("embedded before it was refused")

    plan = AttackPlan(attacks=("noise", "xent"), epsilons=(5 / 255,))
    no_logits = dataclasses.replace(colour_model(), logits=None, embed=fail)
    with pytest.raises(ReIDError, match="xent attacks logits"):
        run_plan(no_logits, dataset, plan)
    blind = dataclasses.replace(colour_model(), embed=fail)
    one = dataclasses.replace(dataset, query=dataset.query[:2])
    with pytest.raises(ReIDError, match="at least two identities"):
        run_plan(blind, one, AttackPlan(attacks=("fna",), epsilons=(5 / 255,)))
    nobody = tuple(record for record in dataset.gallery if record.pid == 0)
    stranger = dataclasses.replace(dataset, gallery=nobody)
    with pytest.raises(ReIDError, match="nothing to measure"):
        run_plan(blind, stranger, AttackPlan(attacks=("sma",), epsilons=(5 / 255,)))


def test_the_paper_step_says_where_it_falls_short(dataset):
    # 15 steps of 1/255 can't reach 16/255.
    summary = measure(dataset, ("sma",), epsilons=(5, 16), step="paper")
    assert row(summary, "sma", 5)["reaches_the_edge"]
    assert not row(summary, "sma", 16)["reaches_the_edge"]


def test_progress_reaches_its_total(dataset):
    told = {}

    def progress(title, total):
        return lambda done: told.update({title: (done, total)})

    plan = AttackPlan(attacks=("noise", "sma"), epsilons=(1 / 255, 5 / 255), batch_size=8)
    run_plan(colour_model(), dataset, plan, progress)
    assert set(told) == {"embedding query", "embedding gallery", "4 trials"}
    assert all(done == total for done, total in told.values())


@pytest.mark.parametrize(
    "change,words",
    [
        ({"attacks": ("smaa",)}, "attack 'smaa' is unknown; use one of noise"),
        ({"epsilons": (2.0,)}, "between 0 and 255"),
        ({"epsilons": ()}, "at least one"),
        ({"guide_source": "tv"}, "guide source 'tv'"),
        ({"num_push": 0, "num_pull": 0}, "nor both zero"),
        ({"step": "giant"}, "step rule 'giant'"),
        ({"attacked": "train"}, "query, gallery, not"),
    ],
)
def test_bad_plans_end_in_a_sentence(dataset, change, words):
    with pytest.raises(ReIDError, match=words):
        settings = {"attacks": ("ifgsm",), "epsilons": (5 / 255,), **change}
        run_plan(colour_model(), dataset, AttackPlan(**settings))
