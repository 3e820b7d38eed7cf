"""What a transfer evaluation found, in the first sentences of its page."""

from keras_reid.evaluation.transfer.plan import (
    BOTH,
    CROSS_DATASET,
    CROSS_MODEL,
    OWN_VICTIM,
    UNKNOWN,
)
from keras_reid.reports.content import KeyFigure
from keras_reid.reports.robustness_reading import percent
from keras_reid.reports.transfer_reading import left, mean, under_noise

ENOUGH = 0.5  # a transfer that takes half of the clean rank-1 is called one


def key_figures(reading):
    """Rank-1 of own victims, of them on other data, of other models, under noise; MS-SSIM."""
    for label, cells in (
        ("own victim, rank-1", reading.cells(kinship=OWN_VICTIM)),
        ("own victim on other data", reading.cells(kinship=CROSS_DATASET)),
        ("other models, rank-1", other_models(reading)),
    ):
        if cells:
            yield KeyFigure(label, *_fall(cells, lambda cell: cell["attacked"]["rank1"]))
    cells = reading.results["cells"]
    yield KeyFigure("noise", *_fall(cells, lambda cell: under_noise(cell, "rank1")))
    similarity = mean([each["ms_ssim"] for each in reading.results["quality"]])
    yield KeyFigure("MS-SSIM", f"{similarity:.3f}", "1: nothing to see")


def sentences(reading):
    """Each generator on its own victim; on it with other data; on other models; what is unknown."""
    for cell in reading.cells(kinship=OWN_VICTIM):
        where = f", on {reading.data[cell['data']]}" if reading.several_data else ""
        yield _lowers(reading, cell, where)
    for cell in reading.cells(kinship=CROSS_DATASET):
        yield _lowers(reading, cell, f", on other data ({reading.data[cell['data']]})")
    for index, name in enumerate(reading.generators):
        cells = [cell for cell in other_models(reading) if cell["generator"] == index]
        counts = [_halved(reading, data, cells) for data in range(len(reading.data))]
        if any(counts):
            yield (
                f"Models that {name} was not trained against and that lose at least half of their "
                f"rank-1: {', '.join(filter(None, counts))}."
            )
    strange = reading.cells(kinship=UNKNOWN)
    if strange:
        yield (
            f"For {len(strange)} of {len(reading.results['cells'])} pairs it is not known what the "
            "generator was trained on, or against whom."
        )


def _lowers(reading, cell, where):
    return (
        f"{reading.generators[cell['generator']]} lowers rank-1 of the model that it was trained "
        f"against, {reading.victims[cell['victim']]}{where}, from "
        f"{percent(cell['clean']['rank1'])} to {percent(cell['attacked']['rank1'])} at epsilon "
        f"{reading.epsilon}; noise of that size leaves {percent(under_noise(cell, 'rank1'))}."
    )


def _halved(reading, data, cells):
    """ "2 of 5 on Market (other data)" of one generator's cells; "" without any."""
    cells = [cell for cell in cells if cell["data"] == data]
    shares = [share for share in (left(cell, "rank1") for cell in cells) if share is not None]
    if not shares:
        return ""
    where = f" on {reading.data[data]}" if reading.several_data else ""
    strange = " (other data)" if cells[0]["kinship"] == BOTH else ""
    return f"{sum(share <= ENOUGH for share in shares)} of {len(shares)}{where}{strange}"


def other_models(reading):
    """Cells of models that the generator was not trained against, on its data or on other."""
    return [*reading.cells(kinship=CROSS_MODEL), *reading.cells(kinship=BOTH)]


def _fall(cells, of):
    clean = mean([cell["clean"]["rank1"] for cell in cells])
    models = len({cell["victim"] for cell in cells})
    over = f", mean of {len(cells)} pairs, {models} model{'s' * (models > 1)}"
    over = "" if len(cells) == 1 else over
    return percent(mean([of(cell) for cell in cells])), f"{percent(clean)} clean{over}"
