"""The pictures of a transfer evaluation: heat maps, the curve over pixels, examples."""

from keras_reid.evaluation.transfer.plan import OWN_VICTIM
from keras_reid.misrank.pictures import KINDS
from keras_reid.reports.content import Figure
from keras_reid.reports.curves import epsilon_curves
from keras_reid.reports.heat_map import HeatCell, heat_map
from keras_reid.reports.picture_sheet import picture_sheet
from keras_reid.reports.transfer_reading import (
    MEASURES,
    RELATED,
    explained,
    left,
    under_noise,
)

HEADS = ("clean", "change x 10", "mask", "adversarial")


def matrix_figures(reading):
    """A heat map a measure and data set; the explanation goes with the first."""
    kinds = {cell["kinship"] for cell in reading.results["cells"]}
    how = f" In a cell, {explained(kinds, RELATED)}."
    for data in range(len(reading.data)):
        for measure, name in MEASURES.items():
            yield _matrix(reading, data, measure, name, how)
            how = ""


def _matrix(reading, data, measure, name, how):
    rows, lines, told = [], [], []
    for victim, who in enumerate(reading.victims):
        cells = sorted(reading.cells(data=data, victim=victim), key=lambda c: c["generator"])
        line = [
            HeatCell(
                f"{100 * cell['attacked'][measure]:.1f}",
                RELATED[cell["kinship"]],
                left(cell, measure),
                cell["kinship"] == OWN_VICTIM,
            )
            for cell in cells
        ]
        noise = min(under_noise(cell, measure) for cell in cells)
        line.append(HeatCell(f"{100 * noise:.1f}", "", left(cells[0], measure, noise)))
        clean = cells[0]["clean"][measure]
        line.append(HeatCell(f"{100 * clean:.1f}", "", 1.0 if clean else None))
        rows.append(who)
        lines.append(line)
        numbers = ", ".join(
            f"{reading.generators[cell['generator']]} {100 * cell['attacked'][measure]:.1f}"
            for cell in cells
        )
        told.append(f"{who}, {100 * clean:.1f} clean: {numbers}, noise {100 * noise:.1f}")
    columns = (*reading.generators, "noise", "clean")
    title = f"{name} in percent at epsilon {reading.epsilon}{reading.on_data(data)}"
    return Figure(
        heat_map(rows, columns, lines, title=title),
        f"{title}: what is left of each victim (row) under each generator (column). The stronger "
        f"the colour, the less is left of the clean figure.{how}",
        f"{title}. {'; '.join(told)}.",
        heat_map(rows, columns, lines, title=title, dark=True),
    )


def pixel_figures(reading):
    """mAP of each generator's own victim over the share of the pixels, if there is any."""
    series = {}
    for curve in reading.results["curves"]:
        name = reading.generators[curve["generator"]] + reading.on_data(curve["data"])
        points = [(100 * point["share"], point["mean_ap"]) for point in curve["points"]]
        series[name] = [(0, curve["clean"]["mean_ap"]), *points]
    if not series:
        return []
    how = {
        "measure": "mAP of its own victim", "axis": "pixels that may change, in percent",
        "end": 100,
    }  # fmt: skip
    ends = "; ".join(
        f"{name}: " + ", ".join(f"{100 * share:.1f} % at {x:g} %" for x, share in points)
        for name, points in series.items()
    )
    return [
        Figure(
            epsilon_curves(series, **how),
            f"What each generator leaves of the model that it was trained against, at epsilon "
            f"{reading.epsilon}, as more pixels may change.",
            f"mAP over the share of the pixels. {ends}.",
            epsilon_curves(series, **how, dark=True),
        )
    ]


def example_figures(reading, read):
    """Pictures of a few queries, a sheet a generator and data set.

    Args:
      read: path -> uint8 [H, W, 3].
    """
    sheets = {}
    for example in reading.results["examples"]:
        sheets.setdefault((example["generator"], example["data"]), []).append(example)
    for (generator, data), examples in sheets.items():
        rows = [[read(example["pictures"][kind]) for kind in KINDS] for example in examples]
        who = reading.generators[generator] + reading.on_data(data)
        people = ", ".join(str(example["pid"]) for example in examples)
        yield Figure(
            picture_sheet(rows, HEADS),
            f"{who}: queries of person {people}. Grey in the second picture: no change; white in "
            "the third: pixels that may change.",
            f"Clean, change times ten, mask and adversarial picture by {who} of person {people}",
            picture_sheet(rows, HEADS, dark=True),
        )
