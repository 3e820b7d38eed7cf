"""The page of a robustness evaluation, from its results.json and the image files that it names."""

from keras_reid.errors import ReIDError
from keras_reid.evaluation.checks.check import Check
from keras_reid.reports.content import ReportContent
from keras_reid.reports.rank_lists import rank_lists
from keras_reid.reports.robustness_cells import black_box_tables, cells_table, transfer_tables
from keras_reid.reports.robustness_curves import robustness_curves
from keras_reid.reports.robustness_reading import one, sides
from keras_reid.reports.robustness_tables import headline_table, over_epsilon_table
from keras_reid.reports.robustness_words import key_figures, sentences, warning
from keras_reid.reports.summaries import origin

TITLE = "How robust is this person re-identification model?"
ATTACKS_SHOWN = 3
NEEDED = (
    "model", "twin", "surrogates", "data", "threat_model", "plan", "clean", "chance", "twin_clean",
    "headline_255", "rows", "twin_rows", "transfer", "black_box", "white_box_subset", "summary",
    "worst", "score", "rank_lists", "curves", "checks", "notes", "provenance",
)  # fmt: skip


def robustness_report(results, *, title=TITLE, attacks=None):
    """ReportContent of a robustness evaluation.

    Args:
      results: as `keras_reid.evaluation.robustness_files.read_results` reads them.
      title: of the page.
      attacks: names of those whose rank lists are shown; None: the three that are the worst for
        the most queries.

    Raises:
      ReIDError: a part of the results or an image that they name is missing.
    """
    absent = [name for name in NEEDED if name not in results]
    if absent:
        raise ReIDError(f"the results lack {', '.join(absent)}; evaluate again")
    shown = hardest(results) if attacks is None else attacks
    checks = tuple(Check(**check) for check in results["checks"])
    return ReportContent(
        title=title,
        warning=warning(checks),
        key_figures=tuple(key_figures(results)),
        summary=tuple(sentences(results, checks)),
        tables=(
            *(headline_table(results, side) for side in sides(results)),
            *(over_epsilon_table(results, side) for side in sides(results)),
            *transfer_tables(results),
            *black_box_tables(results),
        ),
        folded=(cells_table(results),),
        figures=tuple(robustness_curves(results)),
        rank_lists=rank_lists(chosen(results["rank_lists"], shown)),
        checks=checks,
        notes=tuple(results["notes"]),
        threat_model=results["threat_model"],
        settings=settings(results["plan"]),
        provenance=provenance(results),
    )


def hardest(results):
    """The attacks that are the worst for the most queries of the first side."""
    worst = one(
        results["worst"],
        role="victim",
        attacked=sides(results)[0],
        epsilon_255=results["headline_255"],
    )
    order = sorted(worst["hardest"], key=lambda attack: -worst["hardest"][attack])
    return order[:ATTACKS_SHOWN]


def chosen(entries, attacks):
    """The entries of these attacks, those of one query together, in the order of the attacks."""
    wanted = [entry for entry in entries if entry["attack"] in attacks]
    return sorted(wanted, key=lambda entry: attacks.index(entry["attack"]))


def settings(plan):
    """(name, value) of every setting, lists in words."""
    return {
        name.replace("_", " "): ", ".join(map(told, value)) or "none"
        if isinstance(value, list)
        else told(value)
        for name, value in plan.items()
    }


def told(value):
    return f"{value:g}" if isinstance(value, float) else str(value)


def provenance(results):
    """Command, versions, and the fingerprints of data and models."""
    others = {"twin": results["twin"]} if results["twin"] else {}
    for index, surrogate in enumerate(results["surrogates"], 1):
        others[f"surrogate {index}" if len(results["surrogates"]) > 1 else "surrogate"] = surrogate
    if results.get("generator"):
        others["generator"] = results["generator"]
    found = origin(results)
    data = results["data"]
    found["data"] += f", {data['query']} queries, {data['gallery']} gallery images"
    return found | {
        name: f"{model['source']} (weights {model['fingerprint']})"
        for name, model in others.items()
    }
