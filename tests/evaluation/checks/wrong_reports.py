"""Proofs: model and attacks are sound, and the report of them is not."""

import dataclasses

from keras_reid.evaluation.checks import rows as pick
from tests.evaluation.checks.registry import turns


@turns("worst case adds up")
def scores_of_the_clean_run_beside_an_attacks_mean(bench, monkeypatch):
    clean = next(row for row in bench.sound.rows if row.epsilon_255 == 0)
    return bench.edited("fgsm", 8, average_precision=lambda row: clean.average_precision)


@turns(warns=["transfer weaker than white box"])
def no_surrogate(bench, monkeypatch):
    return dataclasses.replace(bench.sound, transfer=[])


@turns("transfer weaker than white box")
def a_surrogate_that_knows_better(bench, monkeypatch):
    # As if the surrogate's images were those of the strongest attack with twice the radius.
    strong = next(r for r in bench.sound.rows if (r.attack, r.epsilon_255) == ("fna", 32))
    row = dataclasses.replace(strong, epsilon_255=16, linf_255=16, extra={"source": "other"})
    return dataclasses.replace(bench.sound, transfer=[row])


@turns(warns=["gradient-free weaker than white box"])
def no_black_box(bench, monkeypatch):
    return dataclasses.replace(bench.sound, black_box=[], white_box_subset=[])


@turns("gradient-free weaker than white box")
def a_black_box_that_beats_a_white_box_on_one_start(bench, monkeypatch):
    # The strongest white box was left out of the comparison.
    weak = [row for row in bench.sound.rows if (row.attack, row.epsilon_255) == ("sma", 8)]
    weak = [dataclasses.replace(row, epsilon_255=16) for row in weak]
    return dataclasses.replace(bench.sound, white_box_subset=weak)


@turns(warns=["gradient-free weaker than white box"])
def a_black_box_that_does_no_more_than_noise(bench, monkeypatch):
    noise = bench.sound.noise_subset[0]
    (free,) = bench.sound.black_box
    dead = dataclasses.replace(
        free, average_precision=noise.average_precision, figures=noise.figures
    )  # fmt: skip
    return dataclasses.replace(bench.sound, black_box=[dead])


@turns(warns=["undefended twin breaks", "twin under the same settings"])
def no_twin(bench, monkeypatch):
    return dataclasses.replace(bench.sound, twin=None, twin_clean=None)


@turns("twin under the same settings")
def a_twin_under_fewer_steps(bench, monkeypatch):
    fewer = bench.lab.row("fna", 16, steps=3)
    alike = [row for row in bench.sound.rows if pick.cell(row) != pick.cell(fewer)]
    return dataclasses.replace(bench.sound, twin=[*alike, fewer])


@turns(warns=["attacks beyond the training one"])
def a_training_that_nobody_knows(bench, monkeypatch):
    return dataclasses.replace(bench.sound, trained_with=None)


@turns(warns=["attacks beyond the training one"])
def hardly_another_attack_than_the_training_one(bench, monkeypatch):
    few = bench.only(lambda row: row.attack != "fna")
    return dataclasses.replace(few, trained_with="ifgsm")


@turns(
    "attacks beyond the training one",
    warns=["many steps beat one", "guides are other images", "worst case adds up"],
)
def nothing_but_the_training_attack(bench, monkeypatch):
    one = bench.only(lambda row: row.attack not in ("fgsm", "ifgsm", "fna"))
    return dataclasses.replace(one, trained_with="sma")


@turns(warns=["interval over queries"])
def too_few_queries_that_agree_by_chance(bench, monkeypatch):
    return few_queries(bench, slice(0, 5))


@turns(warns=["interval over queries", "attacks beat noise"])
def a_handful_of_queries(bench, monkeypatch):
    return few_queries(bench, slice(18, 36, 4))


def few_queries(bench, few):
    """Sound evidence as if only some queries had been asked."""
    found = bench.having([of_queries(row, few) for row in bench.sound.rows])
    clean = next(row.figures for row in found.rows if row.epsilon_255 == 0)
    return dataclasses.replace(found, clean=bench.sound.clean | clean)


def of_queries(row, few):
    """The row as if only some of its queries had been asked."""
    precision, first = row.average_precision[few], row.first_hit[few]
    figures = {"mean_ap": float(precision.mean()), "rank1": float((first == 1).mean())}
    return dataclasses.replace(row, average_precision=precision, first_hit=first, figures=figures)


@turns("scores of every query")
def ranks_counted_from_zero(bench, monkeypatch):
    return bench.edited("ifgsm", 16, first_hit=lambda row: row.first_hit - 1)


@turns(warns=["command given"])
def no_command(bench, monkeypatch):
    return dataclasses.replace(bench.sound, command=None)
