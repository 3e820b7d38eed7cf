"""Proofs: model and attacks are sound, and what was measured of them is not enough."""

import dataclasses

from keras_reid.evaluation.checks import rows as pick
from tests.evaluation.checks.registry import turns


@turns("threat model stated")
def a_threat_model_without_knowledge(bench, monkeypatch):
    return bench.with_threat(knowledge=None)


@turns("threat model stated")
def a_norm_without_resolution(bench, monkeypatch):
    return bench.with_threat(norm="L-infinity on pixels in [0, 1]")


@turns("rows fit the threat model")
def a_threat_model_of_the_other_side(bench, monkeypatch):
    return bench.with_threat(attacked="gallery")


@turns("rows fit the threat model")
def guides_from_somewhere_unsaid(bench, monkeypatch):
    return bench.with_threat(**{"guide source": "train"})


@turns(warns=["noise measured"])
def no_sign_noise(bench, monkeypatch):
    return bench.only(lambda row: row.attack != "sign_noise")


@turns(warns=["rank-1 ends at zero"])
def only_a_weak_attack_at_the_largest_epsilon(bench, monkeypatch):
    return bench.only(lambda row: row.epsilon_255 <= 16 and row.attack != "fna")


@turns(
    warns=[
        "rank-1 ends at zero",
        "undefended twin breaks",
        "monotone in epsilon",
        "steps suffice",
        "transfer weaker than white box",
    ]
)
def no_large_epsilon(bench, monkeypatch):
    return bench.only(lambda row: row.epsilon_255 <= 8)


@turns(warns=["steps suffice"])
def no_doubled_steps(bench, monkeypatch):
    return bench.only(lambda row: not pick.doubled(row))


@turns("steps suffice")
def doubled_steps_that_are_stronger(bench, monkeypatch):
    # The doubled row of an attack that is stronger by another reason: ten more restarts.
    strong = bench.lab.row("sma", 32)
    rows = [
        dataclasses.replace(strong, epsilon_255=row.epsilon_255, extra=row.extra, linf_255=16)
        if pick.doubled(row)
        else row
        for row in bench.sound.rows
    ]
    return bench.having(rows)


@turns(warns=["restarts taken"])
def one_draw_of_a_random_start(bench, monkeypatch):
    return bench.only(lambda row: (row.attack, row.epsilon_255) != ("sma", 16) or row.seed == 0)


@turns(warns=["several seeds"])
def two_seeds_with_restarts(bench, monkeypatch):
    two = bench.only(lambda row: row.seed < 2)
    return dataclasses.replace(two, threat_model=two.threat_model | {"restarts": 3})


@turns(warns=["several seeds", "seeds have an effect"])
def a_single_seed_with_restarts(bench, monkeypatch):
    one = bench.only(lambda row: row.seed == 0)
    return dataclasses.replace(one, threat_model=one.threat_model | {"restarts": 3})
