"""Proofs: the model is sound, and one attack on it is wrong, in what it really does."""

import dataclasses

import numpy as np
import tensorflow as tf

from keras_reid.evaluation import attack_runner
from keras_reid.evaluation.attack_runner import AttackRunner
from tests.evaluation.checks.lab import SEEDS
from tests.evaluation.checks.registry import turns


@turns("inside the ball on uint8")
def an_attack_that_leaves_the_ball_when_it_is_rounded(bench, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(attack_runner, "round_inside", rounded_up)
        row = bench.lab.row("fna", 8, runner=AttackRunner("fna", bench.lab.model))
    return bench.swapped(row)


@turns("zero perturbation, same features")
def an_attack_that_changes_pixels_at_epsilon_zero(bench, monkeypatch):
    sound = bench.sound
    monkeypatch.setattr(attack_runner, "round_inside", rounded_up)
    return sound


def rounded_up(adversarial, pixels, epsilon):
    """Rounds away from zero: up to 1/255 too far."""
    return tf.cast(tf.clip_by_value(tf.math.ceil(adversarial * 255 + 0.01), 0, 255), tf.uint8)


@turns("attacks change pixels")
def a_dead_attack_whose_result_is_dropped(bench, monkeypatch):
    class Forgetful(AttackRunner):
        def attacked(self, pixels, guides=None, **how):
            return super().attacked(pixels, guides, **how)._replace(pixels=pixels)

    return bench.swapped(bench.lab.row("fgsm", 8, runner=Forgetful("fgsm", bench.lab.model)))


@turns("embeddings move")
def an_attack_that_forgets_its_last_batch(bench, monkeypatch):
    class Hasty(AttackRunner):
        def attacked(self, pixels, guides=None, **how):
            found = super().attacked(pixels, guides, **how)
            return found._replace(pixels=np.concatenate([found.pixels[:28], pixels[28:]]))

    runner = Hasty("fna", bench.lab.model)
    return bench.swapped(bench.lab.row("fna", 8, runner=runner))


@turns("epsilon 0 is the clean result")
def clean_images_that_were_read_in_another_way(bench, monkeypatch):
    embed = bench.lab.model.embed
    other = bench.lab.embedded(lambda images: embed(images**1.2))
    rows = [bench.lab.row(name, 0, clean=other) for name in ("fgsm", "ifgsm", "fna")]
    return bench.swapped(*rows)


@turns("attacks beat noise")
def an_attack_that_ignores_its_gradient(bench, monkeypatch):
    runner = AttackRunner("noise", bench.lab.model)
    rows = [bench.lab.row("fna", epsilon, runner=runner) for epsilon in (8, 16, 32)]
    return bench.swapped(*(dataclasses.replace(row, guide_source="query") for row in rows))


@turns(warns=["step fits epsilon"])
def steps_that_nearly_reach_the_edge(bench, monkeypatch):
    return bench.swapped(bench.lab.row("fna", 16, step="paper", steps=15))


@turns("step fits epsilon", "monotone in epsilon")
def steps_that_are_far_too_small(bench, monkeypatch):
    return bench.swapped(bench.lab.row("fna", 16, step="paper", steps=7))


@turns("steps suffice", warns=["step fits epsilon"])
def an_attack_that_had_not_ended(bench, monkeypatch):
    rows = [bench.lab.row("sma", 16, seed, step="paper", steps=8) for seed in SEEDS]
    return bench.swapped(*rows)


@turns("seeds have an effect")
def a_seed_that_reaches_nothing(bench, monkeypatch):
    again = [dataclasses.replace(bench.lab.row("noise", 8, seed=SEEDS[0]), seed=s) for s in SEEDS]
    return bench.swapped(*again)
