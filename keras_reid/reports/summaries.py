"""From a results file to a report: which tables, which curves, which words."""

from keras_reid.reports.content import Figure, ReportContent, Table
from keras_reid.reports.curves import cmc_curve, epsilon_curves
from keras_reid.reports.rank_lists import rank_lists

SHARES = ("mean_ap", "rank1", "rank5", "rank10")
SHARE_COLUMNS = ("mAP %", "rank-1 %", "rank-5 %", "rank-10 %")
KINDS = {
    "standard": "mAP is the mean over queries with a match of the standard average precision.",
    "market_toolbox": "mAP is the Market-1501 toolbox's: trapezoids between the matches, the mean "
    "over all queries, those without a match as 0.",
}
MEASURED = (
    "Change: the largest of any pixel, measured on the adversarial images as 8-bit files would "
    "hold them. Moved: the mean distance between the embeddings before and after. "
    "Chance: a random ranking."
)


def attack_report(summary, *, title="Person re-identification under attack"):
    """ReportContent of what `keras_reid.evaluation.plan.run_plan` found."""
    clean, rows = summary["clean"], summary["rows"]
    return ReportContent(
        title=title,
        summary=tuple(_attack_sentences(summary)),
        tables=(_attack_table(summary),),
        figures=tuple(_attack_curves(clean, summary["chance"], rows)),
        rank_lists=rank_lists(summary["rank_lists"]),
        threat_model=summary["threat_model"],
        provenance=origin(summary),
    )


def retrieval_report(summary, *, title="Person re-identification"):
    """ReportContent of a results file of `trainers.evaluate`."""
    plain, queries = summary["figures"], summary["queries"]
    reranked = summary.get("reranked_figures")
    ranked = {"ranked": plain, "re-ranked": reranked, "chance": summary["chance"]}
    table = Table(
        "How well people are found",
        ("", *SHARE_COLUMNS, "mINP %"),
        tuple((name, *percents(row), 100 * row["mean_inp"]) for name, row in ranked.items() if row),
        note=KINDS[summary["settings"]["average_precision"]],
    )
    sentences = [
        f"mAP {100 * plain['mean_ap']:.1f} %, rank-1 {100 * plain['rank1']:.1f} % over "
        f"{queries['valid']} queries and {summary['data']['gallery']} gallery images."
    ]
    if queries["skipped"]:
        sentences.append(
            f"{queries['skipped']} queries were skipped: no other camera saw their person."
        )
    curves = {"ranked": summary["cmc"]}
    if reranked:
        curves["re-ranked"] = summary["reranked_cmc"]
    return ReportContent(
        title=title,
        summary=tuple(sentences),
        tables=(table,),
        figures=(
            Figure(
                cmc_curve(curves),
                "Cumulative matching characteristic: the share of queries with a match among the "
                "first k gallery images.",
                f"curve that begins at {100 * plain['rank1']:.1f} % at rank 1 and reaches "
                f"{100 * plain['rank10']:.1f} % at rank 10",
                cmc_curve(curves, dark=True),
            ),
        ),
        rank_lists=rank_lists(summary["rank_lists"]),
        provenance=origin(summary),
    )


def percents(row):
    """mAP and rank-1, 5, 10 in percent."""
    return [100 * row[key] for key in SHARES]


def origin(summary):
    """(name, value) pairs: the data, the model, and what `provenance` says if it is there."""
    model, data = summary["model"], summary["data"]
    height, width = model["input_size"]
    return {
        **summary.get("provenance", {}),
        "model": f"{model['source']} (weights {model['fingerprint']})",
        "input": f"{height} × {width} pixels, {model['embedding_size']} numbers out",
        "data": f"{data['name']} (fingerprint {data['fingerprint']})",
        **{key.replace("_", " "): value for key, value in summary.get("settings", {}).items()},
    }


def _attack_table(summary):
    notes = [KINDS[summary["threat_model"]["average precision"]], MEASURED]
    short = [row for row in summary["rows"] if not row["reaches_the_edge"]]
    if short:
        notes.append(
            f"{len(short)} of the attacks take too few steps to reach the edge of their ball."
        )
    fallbacks = max((row["fallbacks"] for row in summary["rows"]), default=0)
    if fallbacks:
        notes.append(f"{fallbacks} images are alone in their identity and were attacked with sma.")
    return Table(
        "Before and after each attack",
        ("attack", "ε /255", *SHARE_COLUMNS, "change /255", "moved", "steps"),
        (
            ("none", None, *percents(summary["clean"]), None, None, None),
            ("chance", None, *percents(summary["chance"]), None, None, None),
            *(_attack_row(row) for row in summary["rows"]),
        ),
        note=" ".join(notes),
    )


def _attack_row(row):
    epsilon = row["epsilon_255"]
    return (
        spoken(row["attack"]),
        int(epsilon) if epsilon == int(epsilon) else epsilon,
        *percents(row),
        row["linf_255"],
        f"{row['displacement']:.3g}",
        row["steps"],
    )


def _attack_sentences(summary):
    """The clean figure; the worst attack; what noise of the same size does."""
    clean, data = summary["clean"], summary["data"]
    yield (
        f"Without attack the model reaches {100 * clean['mean_ap']:.1f} % mAP over "
        f"{clean['valid_queries']} queries and {data['gallery']} gallery images; "
        f"a random ranking reaches {100 * summary['chance']['mean_ap']:.1f} %."
    )
    attacks = [row for row in summary["rows"] if "noise" not in row["attack"]]
    if not attacks:
        return
    worst = min(attacks, key=lambda row: row["mean_ap"])
    yield (
        f"{spoken(worst['attack'])}, changing no pixel by more than {worst['linf_255']}/255, "
        f"leaves {100 * worst['mean_ap']:.1f} % mAP and {100 * worst['rank1']:.1f} % rank-1."
    )
    for row in summary["rows"]:
        if "noise" in row["attack"] and row["epsilon_255"] == worst["epsilon_255"]:
            noise, lost = spoken(row["attack"]), 100 * (clean["mean_ap"] - row["mean_ap"])
            yield f"{noise.capitalize()} of that size costs {lost:.1f} points of mAP."


def spoken(attack):
    """An attack's name as a page has it."""
    return attack.replace("_", " ")


def _attack_curves(clean, chance, rows):
    """mAP and rank-1 over epsilon, for the attacks that were run at several."""
    for key, name in (("mean_ap", "mAP"), ("rank1", "rank-1")):
        series = {}
        for row in rows:
            series.setdefault(spoken(row["attack"]), []).append((row["epsilon_255"], row[key]))
        series = {attack: points for attack, points in series.items() if len(points) > 1}
        if not series:
            return
        levels = {"clean": clean[key], "chance": chance[key], "measure": name}
        ends = ", ".join(
            f"{attack} {100 * sorted(points)[-1][1]:.1f} %" for attack, points in series.items()
        )
        yield Figure(
            epsilon_curves(series, **levels),
            f"{name} as the largest change of a pixel grows. Grey: noise of the same size; dotted: "
            "a random ranking.",
            f"{name}, {100 * clean[key]:.1f} % without attack, at the largest epsilon: {ends}",
            epsilon_curves(series, **levels, dark=True),
        )
