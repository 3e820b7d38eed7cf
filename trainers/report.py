"""One page from results files: a robustness evaluation, a study of guides or a transfer evaluation,
or several `trainers.attack` runs on the same model and data.

    python -m trainers.report --results=runs/demo/robustness/results.json --output=report.html
    python -m trainers.report --results=runs/demo/curves.json,runs/demo/others.json \\
        --parity=runs/demo/parity.json --rank_lists=sma,fna --output=runs/demo/report.html
"""

import dataclasses

from absl import flags

from keras_reid.errors import ReIDError
from keras_reid.reports import Table, attack_report, write_report
from keras_reid.runs import entry
from trainers.own_pages import page_of_its_own, read_json


def define_flags():
    """This command's flags."""
    flags.DEFINE_list(
        "results",
        None,
        "JSON files that trainers.attack wrote, or one of trainers.evaluate_robustness or "
        "trainers.evaluate_transfer.",
        required=True,
    )
    flags.DEFINE_string("parity", None, "JSON file that export.check_parity wrote.")
    flags.DEFINE_string("output", None, "HTML file to write.", required=True)
    flags.DEFINE_string("title", None, "Of the page; unset: one that fits the results.")
    flags.DEFINE_list(
        "rank_lists",
        None,
        "Attacks whose rank lists are shown. Unset: sma,fna, or of a robustness evaluation those "
        "that are the worst for the most queries.",
    )
    flags.DEFINE_float(
        "rank_lists_at_255", 5.0, "And at which epsilon, in 1/255; of trainers.attack's results."
    )


SAME = ("model", "data", "threat_model", "clean")


def merge(paths):
    """The summaries of one model under one threat model, as one."""
    summaries = [read_json(path) for path in paths]
    for path, summary in zip(paths, summaries, strict=True):
        known = isinstance(summary, dict) and summary.get("kind") == "attack"
        if not known or summary.get("schema") != 1:
            raise ReIDError(f"{path} holds no results of trainers.attack (schema 1)")
        for key in SAME:
            if summary[key] != summaries[0][key]:
                raise ReIDError(
                    f"{path} and {paths[0]} differ in {key.replace('_', ' ')}; "
                    "report them on two pages"
                )
    commands = [summary["provenance"]["command"] for summary in summaries]
    return {
        **summaries[0],
        "rows": [row for summary in summaries for row in summary["rows"]],
        "rank_lists": [entry for summary in summaries for entry in summary["rank_lists"]],
        "provenance": {**summaries[0]["provenance"], "command": "; ".join(commands)},
    }


def chosen(entries, attacks, epsilon_255):
    """The rank lists of some attacks at one epsilon, those of one query together."""
    wanted = [e for e in entries if e["attack"] in attacks and e["epsilon_255"] == epsilon_255]
    return sorted(wanted, key=lambda e: (e["query"]["path"], attacks.index(e["attack"])))


def parity_table(path):
    """What export.check_parity found, as a table."""
    rows = read_json(path)
    if not isinstance(rows, list) or not all("holds" in row for row in rows):
        raise ReIDError(f"{path} holds no results of export.check_parity")
    return Table(
        "The same images through model, export and server",
        ("comparison", "figure", "bar", "holds"),
        tuple(
            (r["what"], f"{r['figure']:.3g}", r["bar"], "yes" if r["holds"] else "no") for r in rows
        ),
    )


def report(values):
    """The ReportContent that the flags ask for."""
    own = page_of_its_own(values.results, title=values.title, rank_lists=values.rank_lists)
    if own is not None:
        return own
    summary = merge(values.results)
    attacks = ["sma", "fna"] if values.rank_lists is None else values.rank_lists
    summary["rank_lists"] = chosen(summary["rank_lists"], attacks, values.rank_lists_at_255)
    return attack_report(summary, **({"title": values.title} if values.title else {}))


def main(argv):
    del argv
    values = flags.FLAGS
    content = report(values)
    if values.parity:
        tables = (*content.tables, parity_table(values.parity))
        content = dataclasses.replace(content, tables=tables)
    write_report(values.output, content)
    print(f"written: {values.output}")


def cli():
    """The console script."""
    define_flags()
    entry.run(main)


if __name__ == "__main__":
    cli()
