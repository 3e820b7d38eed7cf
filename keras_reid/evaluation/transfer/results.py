"""What a transfer evaluation found, as results.json holds it.

    schema, kind    1, "transfer"; another schema is refused, see `read_transfer`
    settings        of the plan
    generators      source, fingerprint, input size, number of pixels (0: all), trained on what
    victims         source, fingerprint (and that of an export's origin), input size, distance
    data            name, fingerprint, query, gallery
    clean           one object a victim and data set: figures and those of a random ranking
    cells           one object a generator, victim and data set: kinship, whether the images were
                    resized to the victim, figures "clean", "attacked" and under each noise
    quality         one object a generator and data set: the change on uint8, see `QualityMeter`
    curves          one object a generator with its own victim: points over the share of the pixels
    examples        paths of pictures: clean, perturbation_x10, mask, adversarial
    notes           sentences that a reader has to know

Generators, victims and data are named by their index. Figures are shares in [0, 1].
"""

import dataclasses

from keras_reid.evaluation.summary import describe_data, describe_model, figures
from keras_reid.evaluation.transfer import notes
from keras_reid.evaluation.transfer.plan import kinship

SCHEMA, KIND = 1, "transfer"


def results(generators, targets, datasets, plan, clean, finished):
    """dict, ready for JSON, without examples and provenance.

    Args:
      targets: Targets, a list for each data set; clean: their figures without attack.
      finished: what was done, each with job, figures and quality.
    """
    cells = list(matrix(generators, targets, clean, finished))
    curves = list(pixel_curves(clean, finished))
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "settings": dataclasses.asdict(plan),
        "generators": [generator.describe() for generator in generators],
        "victims": [
            describe_model(t.victim) | {"distance": t.metric, "origin": t.victim.origin}
            for t in targets[0]
        ],
        "data": [describe_data(dataset) for dataset in datasets],
        "clean": [
            {"victim": victim, "data": data, **clean[data][victim], "chance": figures(t.chance)}
            for data, row in enumerate(targets)
            for victim, t in enumerate(row)
        ],
        "cells": cells,
        "quality": [
            {"generator": each.job.generator, "data": each.job.data, **each.quality}
            for each in finished
            if each.job.is_matrix
        ],
        "curves": curves,
        "notes": [
            *notes.resized(generators, targets[0], cells),
            *notes.unknown_kin(generators, targets[0]),
            *notes.without_curve(generators, cells, curves),
            *notes.nothing_to_lose(targets, clean),
        ],
    }


def matrix(generators, targets, clean, finished):
    """The cells, generator by generator."""
    noise = {
        (each.job.size, each.job.data, each.job.noise): each.figures
        for each in finished
        if each.job.noise
    }
    names = dict.fromkeys(name for _, _, name in noise)
    for each in finished:
        job = each.job
        for victim in job.shown_to if job.is_matrix else ():
            target = targets[job.data][victim]
            yield {
                "generator": job.generator,
                "victim": victim,
                "data": job.data,
                "kinship": kinship(generators[job.generator], target.victim, target.dataset),
                "resized": tuple(target.victim.input_size) != tuple(job.size),
                "clean": clean[job.data][victim],
                "attacked": each.figures[victim],
                **{name: noise[job.size, job.data, name][victim] for name in names},
            }


def pixel_curves(clean, finished):
    """A curve a generator and data set: its own victim under ever more pixels."""
    found = {}
    for each in finished:
        job = each.job
        if job.share is None:
            continue
        (victim,) = job.shown_to
        curve = found.setdefault(
            (job.generator, job.data),
            {"generator": job.generator, "victim": victim, "data": job.data,
             "clean": clean[job.data][victim], "points": []},
        )  # fmt: skip
        curve["points"].append(
            {"share": job.share, "num_pixels": job.num_pixels, **each.figures[0], **each.quality}
        )
    return found.values()
