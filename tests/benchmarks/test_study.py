"""`make study`, small: the road is whole, and its bars turn."""

import json

import pytest

from benchmarks.study_bars import bars, means
from tests.commands import run

TWIN = {"clean": 0.9, "chance": 0.03, "worst": 0.05}
GOOD = {"clean": 0.8, "chance": 0.03, "worst": 0.4}


def judged(**goat):
    mean_map = means([{"clean": TWIN, "goat_4_1": {**GOOD, **goat}}])
    return {bar["ratio"]: bar["reached"] for bar in bars(mean_map)}


def test_each_bar_is_missed_by_what_it_is_about():
    assert all(judged().values())
    assert not judged(clean=0.7)["clean of twin"]
    assert not judged(worst=0.23)["worst of clean"]
    assert not judged(worst=0.08, chance=0.03)["of chance"]
    assert not judged(worst=0.19)["of twin"]


def test_rounds_are_averaged_and_models_without_bars_have_none():
    rounds = [{"clean": TWIN, "madv_0_0": {**GOOD, "worst": worst}} for worst in (0.2, 0.4)]
    assert means(rounds)["madv_0_0"]["worst"] == pytest.approx(0.3)
    assert bars(means(rounds)) == []


@pytest.mark.slow
def test_a_small_study_trains_attacks_and_tells(tmp_path):
    results = tmp_path / "study.json"
    done = run(
        "benchmarks.study", f"--output={tmp_path}", "--seeds=0", "--defense=goat_0_0",
        "--train_ids=20", "--test_ids=5", "--epochs=1", "--defense_epochs=1", "--steps=1",
        "--restarts=1", f"--results={results}",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(results.read_text())
    assert found["seeds"] == [0] and len(found["bars"]) == 3
    for figures in found["mean_map"].values():
        attacks = [figures[name] for name in ("sma", "fna", "odfa", "ifgsm")]
        assert 0 < figures["worst"] <= min(attacks) + 1e-4
