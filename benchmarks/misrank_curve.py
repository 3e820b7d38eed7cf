"""Draws what the mis-ranking generator's strength costs in visibility.

    python -m benchmarks.misrank_curve

Reads benchmarks/misrank_study.json and writes docs/misrank_trade_off.png: a point for each weight
of the perception loss, all of one seed and equally long trained.
"""

import json
import sys
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.misrank_study import RESULTS, TRADE_OFF
from keras_reid.files import aside

PICTURE = Path(__file__).parents[1] / "docs" / "misrank_trade_off.png"
PRESET = "both"  # whose weight is 1


def points(found):
    """[(weight, MS-SSIM, rank-1 in percent)] of the first seed, by weight."""
    first = found["of_each_seed"][0]
    rows = {float(name.removeprefix("perception_")): first[name] for name in TRADE_OFF}
    rows[1.0] = first[PRESET]
    return [(key, row["MS-SSIM"], 100 * row["attacked"]) for key, row in sorted(rows.items())]


def draw(found):
    """A matplotlib figure of the points."""
    figure = Figure(figsize=(5.2, 3.4), layout="constrained")
    axes = figure.add_subplot()
    for weight, similarity, rank1 in points(found):
        axes.plot(similarity, rank1, "o", color="#0072b2")
        axes.annotate(
            f"{weight:g}", (similarity, rank1), xytext=(0, 7), textcoords="offset points",
            ha="center", fontsize=9,
        )  # fmt: skip
    axes.set_xlabel("MS-SSIM of the attacked queries (1: nothing to see)")
    title = "rank-1 left of the victim, in percent; above each point: --perception_weight"
    axes.set_title(title, fontsize=9, loc="left", pad=14)
    axes.set_ylim(bottom=0)
    axes.margins(0.12)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e5e7eb")
    return figure


def main():
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    with aside(PICTURE) as draft:
        draw(found).savefig(draft, format="png", dpi=130, metadata={"Software": None})
    print(f"written: {PICTURE}", file=sys.stderr)


if __name__ == "__main__":
    main()
