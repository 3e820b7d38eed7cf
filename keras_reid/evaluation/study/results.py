"""What a study found, as study.json holds it.

    schema, kind       1, "guides_study"; another schema is refused
    model, twin, data  who and what, with fingerprints
    threat_model, plan, provenance    what the attacker may do; every setting; how to get it again
    variants           {key: attack, num_push, num_pull, pull_identity and the name in plots}
    clean, chance      {role: figures without attack}; figures of a random ranking
    questions          title, shown ({label: variant}) and claims (names) of each pair of plots
    rows               one object a role, variant and epsilon, all seeds together: mean_ap and rank1
                       as {"mean", "deviation", "seeds"}, the 95 % "interval" of mean_ap over
                       queries, displacement, linf_255, fallbacks, and of variants that pull
                       "pulled": {"before", "after"}, each {"mean", "median", "first"} of the rank
                       of the identity pulled to ("first": the share for which it comes first)
    claims             one object a role, claim and measure, see `judge_claim`
    cells, notes       how many were computed and reused; sentences that a reader has to know

Figures are shares in [0, 1], ranks count from 1, NaN is null.
"""

import dataclasses

import numpy as np

from keras_reid.evaluation.evaluator import threat
from keras_reid.evaluation.grid import TWIN, VICTIM
from keras_reid.evaluation.pulled import AFTER, BEFORE
from keras_reid.evaluation.robustness_results import Told
from keras_reid.evaluation.study.claims import MEASURES, judge_claim
from keras_reid.evaluation.study.run import attacked_epsilons
from keras_reid.evaluation.study.variants import make_questions
from keras_reid.evaluation.summary import describe_data, describe_model
from keras_reid.evaluation.worst_case import over_seeds

SCHEMA, KIND = 1, "guides_study"


def study_results(findings, dataset, plan):
    """dict, ready for JSON, without provenance."""
    questions = make_questions(findings.variants)
    models, told = findings.models, Told(plan, dataset)
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "model": describe_model(models[VICTIM]),
        "twin": describe_model(models[TWIN]) if TWIN in models else None,
        "data": describe_data(dataset),
        "threat_model": study_threat(plan, models[VICTIM]),
        "plan": dataclasses.asdict(plan),
        "variants": {key: dataclasses.asdict(each) for key, each in findings.variants.items()},
        "clean": {role: content.words["figures"] for role, content in findings.clean.items()},
        "chance": findings.clean[VICTIM].words["chance"],
        "questions": [
            {
                "title": question.title,
                "shown": question.shown,
                "claims": [claim.name for claim in question.claims],
            }
            for question in questions
        ],
        "rows": [
            {"role": role, "variant": key, "epsilon_255": epsilon}
            | row_of(findings.at(role, key, epsilon), told)
            for role in models
            for key in findings.variants
            for epsilon in attacked_epsilons(plan)
        ],
        "claims": [
            {"role": role} | entry
            for role in models
            for entry in judged(findings, role, attacked_epsilons(plan), questions)
        ],
        "cells": {"computed": findings.computed, "reused": findings.reused},
        "notes": findings.notes,
    }


def study_threat(plan, model):
    """What the attackers may do and know; guides are each variant's own."""
    facts = threat(dataclasses.replace(plan, black_box=()), model)
    for name in ("guides of fgsm to pgd", "identity pulled to"):
        del facts[name]
    return facts | {"guides": "as each variant says", "steps": plan.steps}


def row_of(measured, told):
    """The figures of one variant at one epsilon, all seeds together."""
    rows = [each.row for each in measured]
    precision = np.mean([row.average_precision for row in rows], axis=0)
    return {
        "mean_ap": over_seeds([row.figures["mean_ap"] for row in rows]),
        "rank1": over_seeds([row.figures["rank1"] for row in rows]),
        "interval": told.interval(precision),
        "displacement": float(np.mean([row.displacement.mean() for row in rows])),
        "linf_255": max(row.linf_255 for row in rows),
        "fallbacks": max(row.fallbacks for row in rows),
        "steps": rows[0].steps,
        "pulled": pulled(measured) if measured[0].cell.also else None,
    }


def pulled(measured):
    """Before and after: where the identity pulled to stands, over queries and seeds."""
    return {
        name: ranks(np.concatenate([each.content.arrays[array] for each in measured]))
        for name, array in (("before", BEFORE), ("after", AFTER))
    }


def ranks(places):
    """{"mean", "median", "first"}; all null where the gallery shows none of these identities."""
    known = places[np.isfinite(places)]
    if not len(known):
        return dict.fromkeys(("mean", "median", "first"))
    return {
        "mean": float(known.mean()),
        "median": float(np.median(known)),
        "first": float(np.mean(known == 1)),
    }


def judged(findings, role, epsilons, questions):
    """Every claim by every measure."""
    names = {key: variant.name for key, variant in findings.variants.items()}
    entries = []
    for measure in MEASURES:
        scores = {
            key: {e: per_query(findings.at(role, key, e), measure) for e in epsilons}
            for key in findings.variants
        }
        entries += [
            judge_claim(claim, measure, scores, names)
            for question in questions
            for claim in question.claims
        ]
    return entries


def per_query(measured, measure):
    """[Q]: the mean over seeds of each query's score; NaN where it has no match."""
    rows = [each.row for each in measured]
    if measure == "mean_ap":
        return np.mean([row.average_precision for row in rows], axis=0)
    hits = [np.where(np.isfinite(row.first_hit), row.first_hit == 1, np.nan) for row in rows]
    return np.mean(hits, axis=0)
