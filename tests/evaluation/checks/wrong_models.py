"""Proofs: a whole model is wrong, and everything about it is measured for real."""

import dataclasses

from tests.evaluation.checks import models
from tests.evaluation.checks.registry import turns

FEW = {"epsilons": (0, 16, 32), "fixed": ("fgsm", "ifgsm")}
MASKED = (
    "gradients not zero",
    "attacks change pixels",
    "attacks beat noise",
    "rank-1 ends at zero",
    "transfer weaker than white box",
    "gradient-free weaker than white box",
)


@turns(*MASKED)
def gradients_masked_by_a_quantised_input(bench, monkeypatch):
    return bench.quantised


@turns(*MASKED)
def gradients_masked_by_a_saturated_sigmoid(bench, monkeypatch):
    return bench.of(models.saturated(), **FEW)


@turns("features independent of batch")
def batchnorm_left_in_training_mode(bench, monkeypatch):
    return bench.of(models.batchnorm_in_training(), **FEW)


@turns("same batch, same features", "epsilon 0 is the clean result")
def dropout_left_on(bench, monkeypatch):
    return bench.of(models.dropout_in_training(), epsilons=(0, 16, 32))


@turns("same batch, same features")
def dropout_left_on_for_the_sample(bench, monkeypatch):
    return dataclasses.replace(bench.sound, model=models.dropout_in_training())


@turns("gradients not zero")
def gradients_masked_in_one_row(bench, monkeypatch):
    masked = bench.lab_of(models.quantised()).row("sma", 8)
    return bench.edited("sma", 8, zero_gradient=lambda row: masked.zero_gradient)


@turns(warns=["clean above chance"])
def a_model_that_sees_fabric_instead_of_people(bench, monkeypatch):
    return bench.of(models.blind(), **FEW)


@turns(warns=["transfer weaker than white box"])
def a_surrogate_without_gradient(bench, monkeypatch):
    row = bench.lab.moved_here(bench.lab_of(models.quantised()), "sma", 16)
    return dataclasses.replace(bench.sound, transfer=[row])


@turns("undefended twin breaks")
def a_twin_that_does_not_break(bench, monkeypatch):
    return bench.beside(bench.sound, bench.quantised)
