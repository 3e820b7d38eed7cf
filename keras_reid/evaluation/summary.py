"""Results as plain dictionaries, ready for JSON and for the report."""

import dataclasses

from keras_reid.evaluation.rank_lists import spread, top_of_ranking
from keras_reid.retrieval import chosen_metric

RANKS = (1, 5, 10)


def rank_lists(clean, clean_distance, result, saver, count):
    """First places of `count` queries, spread over the set, before and after a trial."""
    entries = []
    for index in spread(len(clean.query), count):
        query = clean.query[index]
        saved = saver.path(index) if saver else None
        entries.append(
            {
                "query": {"path": query.path, "pid": query.pid, "camid": query.camid},
                "attack": result.trial.attack,
                "epsilon_255": round(result.trial.epsilon * 255, 4),
                "adversarial": str(saved) if saved else None,
                "clean": top_of_ranking(clean_distance[index], query, clean.gallery),
                "attacked": top_of_ranking(result.distance[index], query, clean.gallery),
            }
        )
    return entries


def figures(ranking):
    """mAP, rank-1/5/10 and mINP of a RankingResult, as floats in [0, 1]."""
    ranks = {f"rank{k}": float(ranking.cmc[min(k, len(ranking.cmc)) - 1]) for k in RANKS}
    return {"mean_ap": float(ranking.mean_ap), **ranks, "mean_inp": float(ranking.mean_inp)}


def trial_row(result):
    """One row of the table: what was done, the ranking, and the change as measured."""
    trial = result.trial
    return {
        "attack": trial.label,
        "epsilon_255": round(trial.epsilon * 255, 4),
        "steps": trial.effective_steps,
        "step_size_255": round(trial.step_size * 255, 4),
        "reaches_the_edge": trial.reaches_the_edge,
        **figures(result.ranking),
        **dataclasses.asdict(result.change),
        "displacement": result.displacement,
        "zero_gradient": result.zero_gradient,
        "still": result.still,
        "fallbacks": result.fallbacks,
        "seconds": round(result.seconds, 2),
    }


def describe_model(model):
    return {
        "source": model.source,
        "kind": model.kind,
        "fingerprint": model.fingerprint,
        "input_size": list(model.input_size),
        "embedding_size": model.embedding_size,
    }


def describe_data(dataset):
    return {
        "name": dataset.name,
        "fingerprint": dataset.fingerprint(),
        "query": len(dataset.query),
        "gallery": len(dataset.gallery),
    }


def threat_model(plan, model, attacked, guide_source):
    """What the attacker may do and knows, in words for a table."""
    return {
        "norm": "L-infinity on pixels in [0, 1], at the model's input resolution",
        "attacked": attacked,
        "guide source": guide_source,
        "knowledge": "white box: the weights, and the identities of the guide source",
        "distance": chosen_metric(plan.metric, model.distance),
        "average precision": plan.average_precision,
        "step rule": plan.step,
        "restarts": plan.restarts,
        "guides of fgsm to pgd": f"{plan.num_push} pushing, {plan.num_pull} pulling",
        "identity pulled to": plan.pull_identity,
        "preset": plan.preset,
    }
