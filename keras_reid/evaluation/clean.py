"""A model measured without any attack: the figures, the rank lists, each query's score."""

import dataclasses

from keras_reid.errors import ReIDError
from keras_reid.evaluation.rank_lists import spread, top_of_ranking
from keras_reid.evaluation.retrieval import (
    chance_level,
    check_comparison,
    compare,
    evaluate_retrieval,
    rank_records,
)
from keras_reid.evaluation.summary import describe_data, describe_model, figures
from keras_reid.retrieval.distances import OWN, chosen_metric

QUERY_SPLITS = ("query", "gallery", "train")
CMC_RANKS = 50


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvaluationPlan:
    """What is measured.

    metric: "own" (what the model says), "euclidean" or "cosine".
    average_precision: "standard" or "market_toolbox".
    rerank: also with k-reciprocal re-ranking.
    query_split: "query" looks in the gallery; "gallery" or "train" looks for its images among
      themselves, for instance to see how well the training people are known.
    rank_lists: queries whose first places are kept.
    """

    metric: str = OWN
    average_precision: str = "standard"
    rerank: bool = False
    query_split: str = "query"
    batch_size: int = 64
    rank_lists: int = 6

    def __post_init__(self):
        if self.query_split not in QUERY_SPLITS:
            raise ReIDError(
                f"query split {self.query_split!r} is unknown; use one of {', '.join(QUERY_SPLITS)}"
            )

    def sides(self, dataset):
        """(query, gallery) Records."""
        if self.query_split == "query":
            return dataset.query, dataset.gallery
        records = getattr(dataset, self.query_split)
        return records, records


def run_evaluation(model, dataset, plan, progress=None):
    """Measures a model on a data set.

    Args:
      model: LoadedModel.
      dataset: Dataset.
      plan: EvaluationPlan.
      progress: called with (done, total) images.

    Returns:
      (summary, queries): a dict, ready for JSON, and one dict a query.
    """
    query, gallery = plan.sides(dataset)
    metric = chosen_metric(plan.metric, model.distance)
    check_comparison(metric, plan.rerank)
    plain = evaluate_retrieval(
        model.embed,
        query,
        gallery,
        model.input_size,
        metric=metric,
        average_precision=plan.average_precision,
        batch_size=plan.batch_size,
        progress=progress,
    )
    rankings, distance = {"": plain.ranking}, plain.distance
    if plan.rerank:
        distance = compare(
            plain.query_embeddings, plain.gallery_embeddings, metric=metric, rerank=True
        )
        rankings["reranked_"] = rank_records(distance, query, gallery, plan.average_precision)
    summary = {
        "schema": 1,
        "kind": "retrieval",
        "model": describe_model(model),
        "data": describe_data(dataset) | {"query": len(query), "gallery": len(gallery)},
        "settings": {
            "distance": metric,
            "average_precision": plan.average_precision,
            "query_split": plan.query_split,
        },
        "queries": {
            "valid": plain.ranking.valid_queries,
            "skipped": plain.ranking.skipped_queries,
        },
        "chance": figures(chance_level(query, gallery, plan.average_precision)),
        "rank_lists": [
            _rank_list(query[index], distance[index], gallery)
            for index in spread(len(query), plan.rank_lists)
        ],
    }
    for prefix, ranking in rankings.items():
        summary[f"{prefix}figures"] = figures(ranking)
        summary[f"{prefix}cmc"] = ranking.cmc[:CMC_RANKS].tolist()
    return summary, _each_query(query, rankings)


def _rank_list(query, distances, gallery):
    return {
        "query": {"path": query.path, "pid": query.pid, "camid": query.camid},
        "clean": top_of_ranking(distances, query, gallery),
    }


def _each_query(query, rankings):
    """One dict a query; a query without a match has None where a score would be."""
    rows = []
    for index, record in enumerate(query):
        row = {"path": record.path, "pid": record.pid, "camid": record.camid}
        for prefix, ranking in rankings.items():
            found = ranking.first_match[index] > 0
            precision = float(ranking.average_precisions[index])
            row[f"{prefix}average_precision"] = precision if found else None
            row[f"{prefix}first_match"] = int(ranking.first_match[index]) if found else None
        rows.append(row)
    return rows
