"""What trainers.evaluate_robustness --study=guides writes, made up."""

import dataclasses

import numpy as np

from keras_reid.evaluation.study.claims import MEASURES, judge_claim
from keras_reid.evaluation.study.variants import make_questions, make_variants

EPSILONS = (2.0, 8.0)
CLEAN = 0.8
# What each variant leaves of the clean figure at the larger epsilon; half is lost at the smaller.
LEFT = {
    "push_one": 0.4, "push_several": 0.3, "pull_one": 0.35, "pull_several": 0.25, "both": 0.1,
    "pull_random": 0.25, "sma": 0.3, "odfa": 0.1, "fna": 0.0, "fna_random": 0.05,
}  # fmt: skip


def scores(key):
    """{epsilon: [Q]}: the same for every query, so that every difference is sure."""
    return {2.0: np.full(9, CLEAN * (1 + LEFT[key]) / 2), 8.0: np.full(9, CLEAN * LEFT[key])}


def row(role, key, variant, epsilon):
    figure = {"mean": float(scores(key)[epsilon][0]), "deviation": None, "seeds": 1}
    after = {2.0: {"mean": 40.0, "median": 37.0, "first": 0.0},
             8.0: {"mean": 1.5, "median": 1.0, "first": 0.75}}[epsilon]  # fmt: skip
    before = {"mean": 70.0, "median": 66.5, "first": 0.0}
    return {
        "role": role, "variant": key, "epsilon_255": epsilon, "mean_ap": figure, "rank1": figure,
        "interval": [0.0, 1.0], "displacement": 1.0, "linf_255": int(epsilon), "fallbacks": 0,
        "steps": 15, "pulled": {"before": before, "after": after} if variant.pulls else None,
    }  # fmt: skip


def study(*roles):
    """Results of a study of these roles."""
    variants = make_variants(4)
    questions = make_questions(variants)
    names = {key: variant.name for key, variant in variants.items()}
    measured = {key: scores(key) for key in variants}
    model = {"source": "runs/<goat>", "kind": "workdir", "fingerprint": "abcdef0123456789"}
    clean = {"mean_ap": CLEAN, "rank1": CLEAN}
    return {
        "schema": 1, "kind": "guides_study", "model": model,
        "twin": model | {"source": "runs/clean"} if "twin" in roles else None,
        "data": {"name": "market1501", "fingerprint": "0123456789abcdef", "query": 9, "gallery": 9},
        "threat_model": {"norm": "L-infinity", "guides": "as each variant says"},
        "variants": {key: dataclasses.asdict(each) for key, each in variants.items()},
        "clean": dict.fromkeys(roles, clean), "chance": {"mean_ap": 0.05, "rank1": 0.05},
        "questions": [
            {"title": q.title, "shown": q.shown, "claims": [c.name for c in q.claims]}
            for q in questions
        ],
        "rows": [row(role, k, v, e) for role in roles for k, v in variants.items()
                 for e in EPSILONS],
        "claims": [
            {"role": role} | judge_claim(claim, measure, measured, names)
            for role in roles for measure in MEASURES for q in questions for claim in q.claims
        ],
        "notes": ["2 of 9 queries have <no> other image"],
        "provenance": {"command": "python -m trainers.evaluate_robustness --study=guides"},
    }  # fmt: skip
