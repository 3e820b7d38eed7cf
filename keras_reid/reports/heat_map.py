"""A matrix of figures as a picture: the less is left, the stronger the colour."""

import io
import re
import textwrap
from typing import NamedTuple

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from keras_reid.errors import ReIDError
from keras_reid.reports.curves import DARK, DOTS_PER_INCH, LIGHT

# From nothing left to all of it; each page's own background is where nothing happened.
LIGHT_SCALE = ("#99000d", "#ef6548", "#fdd49e", "#fff7ec")
DARK_SCALE = ("#ff8a75", "#b8402f", "#5f2a25", "#23272d")
CELL = (0.82, 0.6)  # inches: of five columns on a phone, a figure is still ten pixels high
NAMES = 1.25  # inches for the names of rows
WRAPPED = 11  # letters of a name beside or above a cell


class HeatCell(NamedTuple):
    """text, and small print under it; left: share in [0, 1] that the colour tells; None: none.

    framed: a border around what stands out.
    """

    text: str
    small: str = ""
    left: float | None = None
    framed: bool = False


def heat_map(rows, columns, cells, *, title="", dark=False):
    """Draws a matrix with its figures in it.

    Args:
      rows, columns: names, of which none is too long to be wrapped.
      cells: a list of HeatCell a row.
      dark: for a dark page.

    Returns:
      PNG bytes, transparent behind the matrix.
    """
    if not rows or not columns:
        raise ReIDError("there is no matrix to draw: it needs a row and a column")
    colours = DARK if dark else LIGHT
    scale = LinearSegmentedColormap.from_list("left", DARK_SCALE if dark else LIGHT_SCALE)
    size = NAMES + CELL[0] * len(columns), 0.95 + CELL[1] * len(rows)
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_xlim(0, len(columns))
    axes.set_ylim(len(rows), 0)
    axes.spines[:].set_visible(False)
    for row, line in enumerate(cells):
        for column, cell in enumerate(line):
            _draw(axes, row, column, cell, scale, colours)
    axes.set_xticks([place + 0.5 for place in range(len(columns))], map(wrapped, columns))
    axes.set_yticks([place + 0.5 for place in range(len(rows))], map(wrapped, rows))
    axes.xaxis.tick_top()
    axes.tick_params(colors=colours["text"], labelsize=9.5, length=0)
    figure.suptitle(title, x=0.01, ha="left", fontsize=10, color=colours["text"])
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=DOTS_PER_INCH, transparent=True, metadata={"Software": None})
    return buffer.getvalue()


def _draw(axes, row, column, cell, scale, colours):
    face = "none" if cell.left is None else scale(min(max(cell.left, 0.0), 1.0))
    ink = colours["text"] if cell.left is None else _ink(face)
    axes.add_patch(Rectangle((column + 0.02, row + 0.03), 0.96, 0.94, facecolor=face))
    if cell.framed:
        axes.add_patch(
            Rectangle(
                (column + 0.04, row + 0.055), 0.92, 0.89, fill=False, linewidth=2.2,
                edgecolor=ink,
            )
        )  # fmt: skip
    lift = 0.1 if cell.small else 0.0
    centred = {"ha": "center", "va": "center", "color": ink}
    axes.text(column + 0.5, row + 0.5 - lift, cell.text, fontsize=12.5, weight="bold", **centred)
    axes.text(column + 0.5, row + 0.77, cell.small, fontsize=8.5, **centred)


def _ink(face):
    """Black or white, whichever is easier to read on a colour (WCAG's relative luminance)."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in to_rgb(face)
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#111417" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff"


def wrapped(name):
    """A name in short lines, broken after _ and / rather than within a word."""
    lines = textwrap.wrap(re.sub("(?<=[_/])", " ", name), WRAPPED)
    return "\n".join(re.sub("(?<=[_/]) ", "", line) for line in lines) or name
