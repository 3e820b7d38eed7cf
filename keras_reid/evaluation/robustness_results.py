"""What an evaluation found, as results.json holds it.

    schema, kind       1, "robustness"; another schema is refused, see `check_results_file`
    model, twin, surrogates, data     who and what, with fingerprints
    threat_model, plan, provenance    what the attacker may do; every setting; how to get it again
    generator          the mis-ranking generator that was one of the attacks, or null; results from
                       before there was a choice have no such key
    clean, chance      figures (mean_ap, rank1, rank5, rank10, mean_inp), clean with "interval"
    twin_clean         the same of the twin, or null
    headline_255       the epsilon at which single figures are given
    rows, twin_rows, transfer, black_box, white_box_subset
                       one object a cell: what was done, figures, change of the pixels as measured,
                       displacement, zero_gradient (-1: none used), still, fallbacks, seconds, extra
    summary            one object an attack, epsilon, side and guide source, all seeds together:
                       for mean_ap and rank1 {"mean", "deviation", "seeds"}, and the 95 % "interval"
                       of mean_ap over queries
    worst              one object a role ("victim", "twin"), side and epsilon: mean_ap and ranks
                       under the attack that is worst for each query, over attacks, guide sources
                       and seeds; "interval"; "seeds", the same within each seed; "hardest", the
                       share of the queries for which each attack is the worst
    score              one object a role and side: area under the worst case over epsilon / clean
    rank_lists         as reports show them: query, clean and attacked places, adversarial PNG,
                       guides with their paths
    curves             {role: {side: {attack: [[epsilon_255, mean_ap], ...]}}}, "worst case" too
    checks             point, name, verdict, figure, sentence
    cells, notes       how many were computed and reused; sentences that a reader has to know

Figures are shares in [0, 1]. Noise is in rows and summary, never in the worst case.
"""

import dataclasses
import itertools

import numpy as np

from keras_reid.attacks import NOISES
from keras_reid.data.records import pids_of
from keras_reid.evaluation.grid import BLACK, DOUBLED, TRANSFER, TWIN, VICTIM
from keras_reid.evaluation.summary import describe_data, describe_model
from keras_reid.evaluation.worst_case import (
    bootstrap_interval,
    hardest_attacks,
    over_seeds,
    robustness_score,
    shares,
    valid,
    worst_hit,
    worst_precision,
)
from keras_reid.retrieval.ranking import MARKET_TOOLBOX

SCHEMA, KIND = 1, "robustness"
WORST_CASE = "worst case"
ARRAYS = ("average_precision", "first_hit", "displacement")


def results(findings, dataset, plan, checks):
    """dict, ready for JSON, without provenance and rank lists."""
    evidence = findings.evidence
    told = Told(plan, dataset)
    roles = {VICTIM: evidence.rows, **({TWIN: evidence.twin} if evidence.twin is not None else {})}
    cleans = {VICTIM: findings.clean, TWIN: findings.twin_clean}
    worst = {role: told.worst(rows) for role, rows in roles.items()}
    summary = {role: told.summary(rows) for role, rows in roles.items()}
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "model": describe_model(evidence.model),
        "twin": describe_model(findings.twin) if findings.twin else None,
        "surrogates": [describe_model(surrogate) for surrogate in findings.surrogates],
        "generator": findings.generator.describe() if findings.generator else None,
        "data": describe_data(dataset),
        "threat_model": evidence.threat_model,
        "plan": dataclasses.asdict(plan),
        "clean": told.clean(findings.clean),
        "chance": evidence.chance,
        "twin_clean": told.clean(findings.twin_clean) if findings.twin else None,
        "headline_255": plan.headline_255,
        "rows": [as_json(row) for row in findings.rows(VICTIM)],
        "twin_rows": [as_json(row) for row in findings.rows(TWIN)],
        "transfer": [as_json(row) for row in findings.rows(TRANSFER)],
        "black_box": [as_json(row) for row in findings.rows(BLACK)],
        "white_box_subset": [as_json(row) for row in evidence.white_box_subset],
        "summary": [{"role": role, **entry} for role in roles for entry in summary[role]],
        "worst": [{"role": role, **entry} for role in roles for entry in worst[role]],
        "score": [
            {"role": role, **entry}
            for role in roles
            for entry in scores(worst[role], cleans[role].words["figures"])
        ],
        "curves": {role: curves(summary[role], worst[role]) for role in roles},
        "checks": [dataclasses.asdict(check) for check in checks],
        "cells": {"computed": findings.computed, "reused": findings.reused},
        "notes": findings.notes,
    }


class Told:
    """Figures with their intervals, as a plan asks for them."""

    def __init__(self, plan, dataset):
        self._plan = plan
        self._people = pids_of(dataset.query)
        self._absent = 0.0 if plan.average_precision == MARKET_TOOLBOX else None

    def interval(self, precision):
        """Of the mean of average precisions [Q]."""
        values = valid(precision, self._absent)
        people = self._people
        if len(values) < len(people):
            people = people[~np.isnan(precision)]
        return bootstrap_interval(values, people, samples=self._plan.bootstrap)

    def clean(self, content):
        words = content.words
        return words["figures"] | {
            "interval": self.interval(content.arrays["average_precision"]),
            "valid_queries": words["valid_queries"],
            "skipped_queries": words["skipped_queries"],
        }

    def summary(self, rows):
        """One entry an attack, epsilon, side and guide source."""
        entries = []
        for (attack, epsilon, side, source), same in grouped(rows, with_source):
            precision = sum(row.average_precision for row in same) / len(same)
            entries.append(
                {
                    "attack": attack,
                    "epsilon_255": epsilon,
                    "attacked": side,
                    "guide_source": source,
                    "interval": self.interval(precision),
                    **{
                        name: over_seeds([row.figures[name] for row in same])
                        for name in ("mean_ap", "rank1")
                    },
                }
            )
        return entries

    def worst(self, rows):
        """One entry a side and epsilon."""
        attacks = [row for row in rows if row.attack not in NOISES]
        entries = []
        for (side, epsilon), same in grouped(attacks, lambda row: (row.attacked, row.epsilon_255)):
            precision = worst_precision(same)
            each = [
                self._mean([row for row in same if row.seed == seed]) for seed in self._plan.seeds
            ]
            entries.append(
                {
                    "attacked": side,
                    "epsilon_255": epsilon,
                    **shares(precision, worst_hit(same), absent=self._absent),
                    "interval": self.interval(precision),
                    "seeds": over_seeds(each),
                    "hardest": hardest_attacks(same),
                }
            )
        return entries

    def _mean(self, rows):
        return float(valid(worst_precision(rows), self._absent).mean())


def with_source(row):
    return row.attack, row.epsilon_255, row.attacked, row.guide_source


def grouped(rows, key):
    """[(key, rows)] of the grid, in order of first appearance; doubled steps are no part of it."""
    rows = [row for row in rows if DOUBLED not in row.extra]
    order = list(dict.fromkeys(map(key, rows)))
    found = itertools.groupby(sorted(rows, key=lambda row: order.index(key(row))), key)
    return [(name, list(same)) for name, same in found]


def scores(worst, clean):
    """One entry a side."""
    entries = []
    for side in dict.fromkeys(entry["attacked"] for entry in worst):
        points = [(e["epsilon_255"], e["mean_ap"]) for e in worst if e["attacked"] == side]
        epsilons, figures = zip(*sorted(points), strict=True)
        score = robustness_score(epsilons, figures, clean["mean_ap"])
        entries.append({"attacked": side, "score": score})
    return entries


def curves(summary, worst):
    """{side: {attack: [[epsilon_255, mean_ap], ...]}}; of several guide sources, each a curve."""
    sources = {}
    for entry in summary:
        key = entry["attacked"], entry["attack"]
        sources.setdefault(key, set()).add(entry["guide_source"])
    found = {}
    for entry in summary:
        key = entry["attacked"], entry["attack"]
        several = len(sources[key]) > 1
        name = f"{entry['attack']}, {entry['guide_source']}" if several else entry["attack"]
        points = found.setdefault(entry["attacked"], {}).setdefault(name, [])
        points.append([entry["epsilon_255"], entry["mean_ap"]["mean"]])
    for entry in worst:
        points = found[entry["attacked"]].setdefault(WORST_CASE, [])
        points.append([entry["epsilon_255"], entry["mean_ap"]])
    return found


def as_json(row):
    """A Row without its arrays, the mean of its displacement in their place."""
    told = {
        field.name: getattr(row, field.name)
        for field in dataclasses.fields(row)
        if field.name not in (*ARRAYS, "figures")
    }
    return told | row.figures | {"displacement": float(row.displacement.mean())}
