"""Small pictures in rows and columns, as one PNG."""

import io

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_reid.errors import ReIDError
from keras_reid.reports.curves import DARK, DOTS_PER_INCH, LIGHT

WIDTH = 1.2  # inches of a picture


def picture_sheet(rows, columns, *, dark=False):
    """Draws pictures side by side, pixel by pixel, enlarged but not smoothed.

    Args:
      rows: a list of uint8 [H, W, 3] a row. columns: what each column shows.
      dark: for a dark page.

    Returns:
      PNG bytes, transparent around the pictures.
    """
    if not rows:
        raise ReIDError("there is no picture to show")
    colours = DARK if dark else LIGHT
    height, width = rows[0][0].shape[:2]
    size = WIDTH * len(columns), WIDTH * height / width * len(rows) + 0.25
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(rows), len(columns), squeeze=False)
    for line, pictures in zip(grid, rows, strict=True):
        for axes, pixels in zip(line, pictures, strict=True):
            axes.imshow(pixels, interpolation="nearest")
            # A frame, or a mask of every pixel is a white picture on a white page.
            axes.set_xticks([], [])
            axes.set_yticks([], [])
            axes.spines[:].set_color(colours["faint"])
    for axes, name in zip(grid[0], columns, strict=True):
        axes.set_title(name, fontsize=9.5, color=colours["text"])
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=DOTS_PER_INCH, transparent=True, metadata={"Software": None})
    return buffer.getvalue()
