"""The page of a study of guides: claims on top, plots with a sentence each, ranks of the pulled."""

from keras_reid.evaluation.study.claims import FAILS, HOLDS, MEASURES, OPEN
from keras_reid.reports.content import Figure, ReportContent, Table
from keras_reid.reports.curves import epsilon_curves

WHO = {"victim": "", "twin": "Twin: "}
HOW_JUDGED = (
    "Compared query by query, scores averaged over seeds and epsilons. A difference counts above "
    "one point and three standard errors. A claim about several pairs holds where all of them do. "
    "Last column: by how much the attack that is said to be stronger leaves less, in the pair "
    "where that is least, and what chance may do."
)
PULLED = (
    "The rank of the first gallery image of the identity pulled to, the median over queries; last "
    "column: share of the queries for which it comes first at the largest epsilon. A pull that "
    "works makes that identity come first."
)


def guides_report(results, *, title="How guides steer an attack"):
    """ReportContent of what `keras_reid.evaluation.study` found.

    Args:
      results: dict as in study.json.
    """
    tables, figures = [], []
    for role in results["clean"]:
        tables.append(_claims(results, role))
        tables += [_over_epsilon(results, role, measure) for measure in MEASURES]
        tables.append(_pulled(results, role))
        for question in results["questions"]:
            figures += [_plot(results, role, question, measure) for measure in MEASURES]
    return ReportContent(
        title=title,
        summary=tuple(_sentences(results)),
        tables=tuple(tables),
        figures=tuple(figures),
        threat_model=results["threat_model"],
        provenance=_origin(results),
    )


def claims_of(results, role, measure):
    """The claims of a role by a measure, in their order."""
    return [e for e in results["claims"] if (e["role"], e["measure"]) == (role, measure)]


def _sentences(results):
    for role, clean in results["clean"].items():
        claims = claims_of(results, role, "mean_ap")
        counts = ", ".join(
            f"{verdict} {sum(claim['verdict'] == verdict for claim in claims)}"
            for verdict in (HOLDS, FAILS, OPEN)
        )
        who = "the twin" if role == "twin" else "this model"
        yield (
            f"{len(claims)} published claims about metric attacks, on {who}: {counts} "
            f"({100 * clean['mean_ap']:.1f} % mAP and {100 * clean['rank1']:.1f} % rank-1 without "
            "attack)."
        )
    yield from results["notes"]


def _claims(results, role):
    rows = []
    by_rank1 = {entry["claim"]: entry for entry in claims_of(results, role, "rank1")}
    for entry in claims_of(results, role, "mean_ap"):
        least = min(entry["pairs"], key=lambda pair: pair["difference"])
        difference = f"{100 * least['difference']:+.2f} ± {100 * least['tolerance']:.2f}"
        other = by_rank1[entry["claim"]]["verdict"]
        rows.append((entry["claim"], entry["verdict"], other, difference))
    columns = ("claim", "by mAP", "by rank-1", "mAP points")
    note = HOW_JUDGED if role == "victim" else ""
    return Table(f"{WHO[role]}Published claims", columns, tuple(rows), note=note)


def _over_epsilon(results, role, measure):
    epsilons = _epsilons(results)
    clean = 100 * results["clean"][role][measure]
    rows = [
        (variant["name"], clean, *(100 * row[measure]["mean"] for row in _rows(results, role, key)))
        for key, variant in results["variants"].items()
    ]
    name = MEASURES[measure]
    return Table(f"{WHO[role]}{name} in percent, by epsilon in 1/255", ("", *epsilons), tuple(rows))


def _pulled(results, role):
    epsilons = _epsilons(results)
    rows = []
    for key, variant in results["variants"].items():
        pulled = [row["pulled"] for row in _rows(results, role, key)]
        if not pulled[0]:
            continue
        first = pulled[-1]["after"]["first"]
        medians = [_whole(each["after"]["median"]) for each in pulled]
        share = None if first is None else f"{100 * first:.1f} %"
        rows.append((variant["name"], _whole(pulled[0]["before"]["median"]), *medians, share))
    caption = f"{WHO[role]}Rank of the identity pulled to, by epsilon"
    note = PULLED if role == "victim" else ""
    return Table(caption, ("", *epsilons, "first"), tuple(rows), note=note)


def _plot(results, role, question, measure):
    name, clean = MEASURES[measure], results["clean"][role][measure]
    series = {
        label: [(row["epsilon_255"], row[measure]["mean"]) for row in _rows(results, role, key)]
        for label, key in question["shown"].items()
    }
    levels = {"clean": clean, "chance": results["chance"][measure]}
    levels["measure"] = f"{WHO[role]}{name}, {question['title']}"
    claims = [e for e in claims_of(results, role, measure) if e["claim"] in question["claims"]]
    ends = ", ".join(f"{label} {100 * points[-1][1]:.1f} %" for label, points in series.items())
    return Figure(
        epsilon_curves(series, **levels),
        WHO[role] + " ".join(entry["sentence"] for entry in claims),
        f"{levels['measure']}: {100 * clean:.1f} % without attack, at the largest epsilon {ends}",
        epsilon_curves(series, **levels, dark=True),
    )


def _rows(results, role, key):
    return [r for r in results["rows"] if (r["role"], r["variant"]) == (role, key)]


def _epsilons(results):
    """Headers of a table over epsilon, without attack first."""
    rows = _rows(results, "victim", next(iter(results["variants"])))
    return ("clean", *(f"{row['epsilon_255']:g}" for row in rows))


def _whole(rank):
    return None if rank is None else f"{rank:g}"


def _origin(results):
    told = dict(results["provenance"])
    for name in ("model", "twin"):
        if results[name]:
            told[name] = f"{results[name]['source']} ({results[name]['fingerprint']})"
    data = results["data"]
    told["data"] = (
        f"{data['name']} ({data['fingerprint']}), {data['query']} queries, {data['gallery']} "
        "gallery images"
    )
    return told
