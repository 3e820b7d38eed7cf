"""The tables about the mis-ranking generator: what is read from results, and bars that turn."""

import json

import pytest

from benchmarks.misrank_study import figures, means
from benchmarks.misrank_verdicts import claims, numbers
from benchmarks.transfer_study import GENERATORS, SMALL, SMALL_B, bar_of, lines

GOOD = {"clean": 0.9, "noise": 0.85, "attacked": 0.05, "half of the pixels": 0.2, "MS-SSIM": 0.93,
        "seconds": 200.0}  # fmt: skip


def reached(**changes):
    return {each["figure"]: each["reached"] for each in numbers({"whole": {**GOOD, **changes}})}


def test_each_bar_is_missed_by_what_it_is_about():
    assert all(reached().values()) and len(reached()) == 5
    assert not reached(attacked=0.2)["attacked of clean"]
    assert not reached(**{"half of the pixels": 0.4})["half of the pixels of clean"]
    assert not reached(noise=0.75)["noise costs"]
    assert not reached(**{"MS-SSIM": 0.89})["MS-SSIM"]
    assert not reached(seconds=301.0)["seconds"]
    assert numbers({"both": GOOD}) == []


def test_a_claim_counts_the_seeds_in_which_it_held():
    both, alone = {"attacked": 0.1}, {"attacked": 0.3}
    (told,) = claims(
        [{"both": both, "patch": alone}, {"both": alone, "patch": both}, {"both": both}]
    )
    assert told["points"] == [0.2, -0.2] and (told["held_in"], told["of"]) == (1, 2)
    assert told["mean"] == pytest.approx(0.0)


def test_variants_of_one_seed_are_averaged_over_that_seed():
    found = means([{"both": {"a": 1.0}, "perception_3": {"a": 3.0}}, {"both": {"a": 2.0}}])
    assert found == {"both": {"a": 1.5}, "perception_3": {"a": 3.0}}


def cell(generator, victim, attacked, *, data=0, kinship="own"):
    state = {"rank1": 0.8, "mean_ap": 0.7}
    return {
        "generator": generator, "victim": victim, "data": data, "kinship": kinship,
        "clean": state, "noise": {"rank1": 0.75}, "sign_noise": {"rank1": 0.7},
        "attacked": {"rank1": attacked, "mean_ap": attacked},
    }  # fmt: skip


def test_figures_of_a_variant_are_its_own(tmp_path):
    runs = [tmp_path / "a", tmp_path / "b"]
    for place, run in enumerate(runs):
        run.mkdir()
        told = {"validation": {"map_fall": 0.5 + place}, "seconds": 10 + place}
        (run / "result.json").write_text(json.dumps(told))
    found = {
        "cells": [cell(0, 0, 0.1), cell(1, 0, 0.2)],
        "quality": [{"ms_ssim": 0.91}, {"ms_ssim": 0.92}],
        "curves": [
            {"generator": place, "points": [{"share": 0.5, "rank1": 0.3 + place / 10}]}
            for place in (1, 0)
        ],
    }  # fmt: skip
    first, second = figures(found, runs)
    assert (first["attacked"], second["attacked"]) == (0.1, 0.2)
    assert (first["half of the pixels"], second["half of the pixels"]) == (0.3, 0.4)
    assert (first["noise"], first["clean"]) == (0.7, 0.8)
    assert (second["MS-SSIM"], second["held-out mAP fall"], second["seconds"]) == (0.92, 1.5, 11)


def test_only_other_architectures_on_the_generators_data_count_as_transfer():
    found = {
        "generators": [{"source": f"runs/{name}"} for name in GENERATORS],
        "victims": [{"source": f"runs/{name}"} for name in (SMALL, "zoo_a", "zoo_b", SMALL_B)],
        "cells": [
            cell(0, 0, 0.0),
            cell(0, 1, 0.4, kinship="cross-model"),
            cell(0, 2, 0.41, kinship="cross-model"),
            cell(0, 3, 0.0, kinship="cross-model"),
            cell(0, 1, 0.0, data=1, kinship="both"),
            cell(1, 2, 0.0, kinship="both"),
        ],
    }
    rows = list(lines(found))
    assert rows[1]["left"] == 0.5 and rows[1]["noise"] == 0.7 and rows[4]["data"] == "mall"
    assert bar_of(rows) == {"of": 2, "fooled": ["zoo_a"], "bar": 2, "reached": False}
    rows[2]["left"] = 0.5
    assert bar_of(rows)["reached"]
