"""Curves as PNG: what is left of the ranking as epsilon grows, and CMC."""

import io

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from keras_reid.errors import ReIDError

# Okabe and Ito's colours, which differ for colour-blind readers too; lighter ones on dark pages.
LIGHT = {
    "text": "#24292f",
    "faint": "#6b7280",
    "grid": "#e5e7eb",
    "lines": ("#0072b2", "#d55e00", "#009e73", "#aa3377", "#b8860b", "#4b3f99", "#8b4513"),
}
DARK = {
    "text": "#e6e6e6",
    "faint": "#9aa3af",
    "grid": "#33383f",
    "lines": ("#56b4e9", "#ff9d5c", "#3ecf9f", "#e38bc0", "#f0d060", "#a79df0", "#d0a080"),
}
MARKERS = "osD^vPX"
INCHES = (4.8, 3.4)  # letters of the page's size on a wide screen, legible on a phone
DOTS_PER_INCH = 200


def epsilon_curves(
    series,
    *,
    clean=None,
    chance=None,
    measure="mAP",
    strongest=None,
    bands=None,
    dark=False,
    axis="epsilon, in 1/255",
    end=None,
):
    """Draws one line an attack over epsilon.

    Args:
      series: {attack: [(epsilon in 1/255, share in [0, 1]), ...]}. Names that hold "noise" are
        baselines, grey and dashed.
      clean: share without attack, where all lines begin.
      chance: share of a random ranking, a dotted line.
      measure: what the share is of, on the axis.
      strongest: name of the line that is drawn thickest, in the colour of the text.
      bands: {attack: [(epsilon in 1/255, low, high), ...]}, intervals shaded behind their line.
      dark: for a dark page.
      axis: what is along the other axis, where it is not epsilon.
      end: of that axis; None: a little beyond the last point.

    Returns:
      PNG bytes, transparent behind the axes.
    """
    if not any(series.values()):
        raise ReIDError("there is no point to draw: no attack, or none with an epsilon")
    colours = DARK if dark else LIGHT
    figure, axes = _axes(colours)
    attacks = 0
    for name, points in series.items():
        points = sorted(points)
        if clean is not None and (not points or points[0][0] > 0):
            points = [(0, clean), *points]
        style = _style(name, attacks, colours, name == strongest)
        attacks += "noise" not in name and name != strongest
        shown = zip(*((x, 100 * y) for x, y in points), strict=True)
        axes.plot(*shown, label=name, clip_on=False, **style)  # markers on the edge stay whole
        for band in filter(None, [(bands or {}).get(name)]):
            x, low, high = zip(*((x, 100 * low, 100 * high) for x, low, high in band), strict=True)
            axes.fill_between(x, low, high, color=style["color"], alpha=0.18, linewidth=0)
    if chance is not None:
        axes.axhline(100 * chance, label="chance", color=colours["faint"], linestyle=":")
    axes.set_xlabel(axis)
    axes.set_xlim(0, end)
    return _png(figure, axes, colours, measure)


def cmc_curve(series, *, ranks=20, dark=False):
    """Draws the share of queries with a match among the first k.

    Args:
      series: {name: cmc}, each as in `RankingResult`.
      ranks: how many places to show.
      dark: for a dark page.

    Returns:
      PNG bytes, transparent behind the axes.
    """
    if not any(len(cmc) for cmc in series.values()):
        raise ReIDError("there is no rank to draw")
    colours = DARK if dark else LIGHT
    figure, axes = _axes(colours)
    for index, (name, cmc) in enumerate(series.items()):
        shown = [100 * share for share in cmc[:ranks]]
        axes.plot(
            range(1, len(shown) + 1), shown, label=name, markersize=4,
            color=colours["lines"][index % len(colours["lines"])], marker=MARKERS[index % 7],
        )  # fmt: skip
    axes.set_xticks([1, *range(5, ranks + 1, 5)])
    axes.set_xlabel("rank k")
    return _png(figure, axes, colours, "queries with a match among the first k")


def _style(name, index, colours, is_strongest):
    """Of a line: the strongest, a baseline, or attack number `index`."""
    if is_strongest:
        return {"color": colours["text"], "linewidth": 3, "zorder": 3, "marker": "o"}
    if "noise" in name:
        return {"color": colours["faint"], "linestyle": (0, (5, 2)), "marker": "."}
    # More attacks than colours: the second round is dash-dotted.
    again, index = divmod(index, len(MARKERS))
    line = {"color": colours["lines"][index], "marker": MARKERS[index], "markersize": 4.5}
    return line | {"linestyle": "-." if again else "-"}


def _axes(colours):
    figure = Figure(figsize=INCHES, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=colours["grid"], linewidth=0.8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(colours["faint"])
    axes.tick_params(colors=colours["text"], labelsize=9, length=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} %")
    return figure, axes


def _png(figure, axes, colours, measure):
    axes.set_ylim(0, 103)
    axes.set_yticks(range(0, 101, 20))
    axes.set_title(measure, loc="left", fontsize=9.5, color=colours["text"])
    axes.xaxis.label.set(color=colours["text"], fontsize=9.5)
    if len(axes.get_lines()) > 1:
        figure.legend(
            loc="outside lower center", ncols=min(4, len(axes.get_lines())), frameon=False,
            fontsize=9, labelcolor=colours["text"], handlelength=2.2, columnspacing=1.4,
        )  # fmt: skip
    buffer = io.BytesIO()
    # Without the version of matplotlib inside, equal curves are equal bytes.
    figure.savefig(buffer, dpi=DOTS_PER_INCH, transparent=True, metadata={"Software": None})
    return buffer.getvalue()
