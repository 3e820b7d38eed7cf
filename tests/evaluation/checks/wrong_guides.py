"""Proofs: the model is sound, and an attack on it is guided wrongly."""

import numpy as np

from keras_reid.attacks import Guides
from keras_reid.evaluation.guiding import GuideSource
from tests.evaluation.checks.registry import turns


@turns("attacks change pixels", "attacks beat noise", "guides are other images")
def a_dead_attack_whose_guides_weigh_nothing(bench, monkeypatch):
    class Weightless(GuideSource):
        def guides(self, name, embeddings, pids):
            ones = np.ones((len(pids), 1), np.float32)
            # A push and a pull to the same place: nothing is left of either.
            return Guides(embeddings[:, None], embeddings[:, None], ones, ones)

    return bench.swapped(*everywhere(bench, "fna", Weightless()))


@turns("guides are other images")
def guides_that_may_be_the_image_itself(bench, monkeypatch):
    # The attacked images again, as if they came from elsewhere: an image may draw itself.
    again = GuideSource(embeddings=bench.lab.clean.query_embeddings, pids=bench.lab.pids)
    return bench.swapped(bench.lab.row("ifgsm", 8, source=again))


@turns(
    "guides are other images",
    "attacks change pixels",
    "attacks beat noise",
    "many steps beat one",
)
def guides_that_are_the_image_itself_without_random_start(bench, monkeypatch):
    return bench.swapped(*everywhere(bench, "ifgsm", Itself()))


class Itself(GuideSource):
    """Pushes every image from itself: distance zero, gradient zero."""

    def guides(self, name, embeddings, pids):
        return Guides(push=embeddings[:, None], push_weight=np.ones((len(pids), 1), np.float32))


class Swapped(GuideSource):
    """Pulls to the own identity and pushes from the furthest: the wrong way."""

    def guides(self, name, embeddings, pids):
        push, pull, push_weight, pull_weight = super().guides("fna", embeddings, pids)
        return Guides(pull, push, pull_weight, push_weight)


@turns("monotone in epsilon")
def an_attack_that_fails_at_one_epsilon(bench, monkeypatch):
    return bench.swapped(bench.lab.row("fna", 16, source=Swapped()))


@turns("many steps beat one")
def iterations_that_lead_back(bench, monkeypatch):
    return bench.swapped(bench.lab.row("ifgsm", 8, source=Swapped()))


@turns("images found guides")
def guides_of_a_third_of_the_people(bench, monkeypatch):
    known = bench.lab.pids < 3
    few = GuideSource(
        embeddings=bench.lab.clean.query_embeddings[known] + 1e-3, pids=bench.lab.pids[known]
    )
    return bench.swapped(bench.lab.row("ifgsm", 8, source=few))


def everywhere(bench, attack, source):
    """The attack at every epsilon, with other guides."""
    return [bench.lab.row(attack, epsilon, source=source) for epsilon in (8, 16, 32)]
