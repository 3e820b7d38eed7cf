"""Measures how well a model finds people, without any attack.

    python -m trainers.evaluate --model=runs/demo/train --dataset=market1501 \\
        --data=runs/demo/people --rerank --results=runs/demo/evaluate.json \\
        --report=runs/demo/evaluate.html

prints mAP, rank-1/5/10 and mINP, beside those of a random ranking.
"""

import csv
import sys

from absl import flags

from keras_reid.evaluation.clean import QUERY_SPLITS, EvaluationPlan, run_evaluation
from keras_reid.files import aside, check_writable, write_json
from keras_reid.runs import entry
from keras_reid.runs.provenance import provenance
from trainers.flag_groups import DataFlags, ModelFlags, define_ranking
from trainers.terminal import progress_bar, shares


def define_flags():
    """This command's flags beside those of the model and the data."""
    define_ranking()
    flags.DEFINE_bool("rerank", False, "Also rank after k-reciprocal re-ranking.")
    flags.DEFINE_enum(
        "query_split", "query", list(QUERY_SPLITS),
        "query looks in the gallery; gallery or train: its images among themselves.",
    )  # fmt: skip
    flags.DEFINE_integer("batch_size", 64, "Images embedded at a time.", lower_bound=1)
    flags.DEFINE_integer(
        "rank_lists", 6, "Queries whose first places --results and --report show.", lower_bound=0
    )
    flags.DEFINE_string("results", None, "JSON file for figures and rank lists.")
    flags.DEFINE_string("per_query_csv", None, "CSV file for the score of each query.")
    flags.DEFINE_string("report", None, "HTML file for a page with figures and rank lists.")


def evaluate(plan, model_flags, data_flags, *, results=None, per_query_csv=None, report=None):
    """Loads, measures, prints, and writes what was asked for."""
    files = [path for path in (results, per_query_csv, report) if path]
    for path in files:
        check_writable(path)
    dataset = data_flags.load()
    model = model_flags.load()
    query, gallery = plan.sides(dataset)
    advance = progress_bar("embedding", len(query) + (query is not gallery) * len(gallery))
    summary, queries = run_evaluation(model, dataset, plan, lambda done, total: advance(done))
    summary["provenance"] = provenance(sys.argv)
    print_table(summary)
    if results:
        write_json(results, summary)
    if per_query_csv:
        write_csv(per_query_csv, queries)
    if report:
        # Matplotlib takes a second to start.
        from keras_reid.reports import retrieval_report, write_report

        write_report(report, retrieval_report(summary))
    for path in files:
        print(f"written: {path}")


def print_table(summary):
    """Ranked, re-ranked and chance, one line each."""
    print(f"{'':<11}{'mAP':>8}{'rank-1':>8}{'rank-5':>8}{'rank-10':>8}{'mINP':>8}")
    for name, key in (
        ("ranked", "figures"), ("re-ranked", "reranked_figures"), ("chance", "chance")
    ):  # fmt: skip
        if key in summary:
            print(f"{name:<11}{shares(summary[key])}{100 * summary[key]['mean_inp']:>8.1f}")
    settings, queries = summary["settings"], summary["queries"]
    skipped = f", {queries['skipped']} skipped for want of a match" if queries["skipped"] else ""
    print(
        f"distance: {settings['distance']}; average precision: {settings['average_precision']}; "
        f"{queries['valid']} queries{skipped}, {summary['data']['gallery']} gallery images"
    )


def write_csv(path, rows):
    """One line a row under a header; None is an empty field."""
    with aside(path) as draft, open(draft, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def cli():
    """The console script."""
    model_flags, data_flags = ModelFlags.define(), DataFlags.define()
    define_flags()

    def main(argv):
        del argv
        values = flags.FLAGS
        plan = EvaluationPlan(
            metric=values.metric,
            average_precision=values.average_precision,
            rerank=values.rerank,
            query_split=values.query_split,
            batch_size=values.batch_size,
            rank_lists=values.rank_lists,
        )
        evaluate(
            plan,
            model_flags,
            data_flags,
            results=values.results,
            per_query_csv=values.per_query_csv,
            report=values.report,
        )

    entry.run(main)


if __name__ == "__main__":
    cli()
