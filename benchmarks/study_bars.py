"""What a defence has to reach on synthetic people, and whether it does."""

import statistics

UNDEFENDED = "clean"
# Of the clean mAP of the twin; of the own clean mAP; in chances; in worst cases of the twin.
BARS = {
    "goat_4_1": {"clean of twin": 0.85, "worst of clean": 0.30, "of chance": 3.0, "of twin": 4.0},
    "goat_0_0": {"worst of clean": 0.20, "of chance": 2.0, "of twin": 3.0},
}


def means(rounds):
    """{model: {figure: mean over rounds}} of [{model: {figure: value}}]."""
    return {
        model: {
            figure: round(statistics.mean(each[model][figure] for each in rounds), 4)
            for figure in row
        }
        for model, row in rounds[0].items()
    }


def ratios(own, twin):
    """The figures that the bars are about, of a defended model's and its undefended twin's."""
    return {
        "clean of twin": own["clean"] / twin["clean"],
        "worst of clean": own["worst"] / own["clean"],
        "of chance": own["worst"] / own["chance"],
        "of twin": own["worst"] / twin["worst"],
    }


def bars(mean_map):
    """[{"model", "ratio", "figure", "bar", "reached"}] of the models that have bars."""
    found = []
    for model in filter(mean_map.__contains__, BARS):
        figures = ratios(mean_map[model], mean_map[UNDEFENDED])
        for ratio, bar in BARS[model].items():
            found.append(
                {
                    "model": model,
                    "ratio": ratio,
                    "figure": round(figures[ratio], 3),
                    "bar": bar,
                    "reached": figures[ratio] >= bar,
                }
            )
    return found
