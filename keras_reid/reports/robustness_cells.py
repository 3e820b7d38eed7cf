"""The tables of transfer and black boxes beside their white boxes, and of every cell."""

from pathlib import PurePath

from keras_reid.evaluation.grid import DOUBLED
from keras_reid.reports.content import Table
from keras_reid.reports.robustness_reading import (
    VICTIM,
    attack_name,
    one,
    rows_of,
    source_words,
    whole,
)
from keras_reid.reports.summaries import percents, spoken


def transfer_tables(results):
    """One table, where a surrogate was measured."""
    called, rows = short_names([model["source"] for model in results["surrogates"]]), []
    for row in results["transfer"]:
        same = {
            key: row[key] for key in ("attack", "epsilon_255", "attacked", "guide_source", "seed")
        }
        white = one(rows_of(results, VICTIM), **same)
        rows.append(
            (
                spoken(row["attack"]),
                whole(row["epsilon_255"]),
                *percents(row)[:2],
                100 * white["mean_ap"] if white else None,
                row["linf_255"],
                f"{row['displacement']:.3g}",
                called[row["extra"]["source"]],
            )
        )
    if not rows:
        return ()
    columns = (
        "attack",
        "ε /255",
        "mAP %",
        "rank-1 %",
        "white\u00a0box mAP %",
        "change /255",
        "moved",
    )
    table = Table(
        "Transfer: adversarial images of a surrogate",
        (*columns, "made on"),
        tuple(rows),
        note="White box: the same attack with the gradients of this model itself. Where transfer "
        "is the stronger one, those gradients mislead.",
    )
    return (table,)


def short_names(sources):
    """{source: its last part, or all of it where two end alike}."""
    last = [PurePath(source).name for source in sources]
    return {
        source: name if last.count(name) == 1 and name else source
        for source, name in zip(sources, last, strict=True)
    }


def black_box_tables(results):
    """One table, where a black box was measured, with gradients on the same queries beside."""
    if not results["black_box"]:
        return ()
    asked = [
        _subset_row(results, row, f"{row['extra']['queries']} answers each", row["extra"]["climbs"])
        for row in results["black_box"]
    ]
    white = [_subset_row(results, row, "gradients", None) for row in results["white_box_subset"]]
    count = results["plan"]["black_box_queries"]
    for row in results["white_box_subset"]:
        count = row["extra"].get("subset", count)
    table = Table(
        f"Black box: attackers who may only ask, on {count} queries",
        ("attack", "sees", "objective of", "mAP %", "rank-1 %", "change /255", "moved"),
        (*asked, *white),
        note="All rows are over the same queries, whose clean figure may differ from that of all. "
        "Where asking is the stronger attack, the gradients mislead.",
    )
    return (table,)


def _subset_row(results, row, sees, climbs):
    return (
        attack_name(results, row), sees, climbs and spoken(climbs), *percents(row)[:2],
        row["linf_255"], f"{row['displacement']:.3g}",
    )  # fmt: skip


def cells_table(results):
    """Everything that was measured, one row a cell."""
    groups = {
        "this model": results["rows"],
        "twin": results["twin_rows"],
        "transfer": results["transfer"],
        "black box": results["black_box"],
    }
    return Table(
        "All cells",
        (
            "attack", "measured on", "ε /255", "attacked", "guides", "seed", "steps", "mAP %",
            "rank-1 %", "rank-5 %", "rank-10 %", "change /255", "moved", "no gradient", "still",
            "with sma instead", "seconds", "remark",
        ),
        tuple(_cell(name, row) for name, rows in groups.items() for row in rows),
        note="No gradient: images without any at the start. Still: images whose embedding did not "
        "move. With sma instead: images that found no guide.",
    )  # fmt: skip


def _cell(name, row):
    unused = row["zero_gradient"] < 0
    return (
        spoken(row["attack"]), name, whole(row["epsilon_255"]), row["attacked"],
        source_words(row["guide_source"]), row["seed"], row["steps"], *percents(row),
        row["linf_255"], f"{row['displacement']:.3g}", None if unused else row["zero_gradient"],
        row["still"], row["fallbacks"], row["seconds"], _remark(row["extra"]) or None,
    )  # fmt: skip


def _remark(extra):
    """What sets a cell apart, in words."""
    return ", ".join(
        "twice the steps" if key == DOUBLED else f"{key} {value}" for key, value in extra.items()
    )
