"""What a transfer evaluation found, in the first sentences of its page."""

from keras_reid.evaluation.transfer.plan import OWN_VICTIM, UNKNOWN
from keras_reid.reports.content import KeyFigure
from keras_reid.reports.robustness_reading import percent
from keras_reid.reports.transfer_reading import left, mean, under_noise

ENOUGH = 0.5  # a transfer that takes half of the clean rank-1 is called one


def key_figures(reading):
    """Rank-1 of own victims, of others, under noise; and how visible."""
    for label, cells in (("own victim, rank-1", own(reading)), ("other victims", others(reading))):
        if cells:
            yield KeyFigure(label, *_fall(cells, lambda cell: cell["attacked"]["rank1"]))
    cells = reading.results["cells"]
    yield KeyFigure("noise", *_fall(cells, lambda cell: under_noise(cell, "rank1")))
    similarity = mean([each["ms_ssim"] for each in reading.results["quality"]])
    yield KeyFigure("MS-SSIM", f"{similarity:.3f}", "1: nothing to see")


def sentences(reading):
    """Each generator on its own victim; on others; noise."""
    for cell in own(reading):
        yield (
            f"{reading.generators[cell['generator']]} lowers rank-1 of the model that it was "
            f"trained against, {reading.victims[cell['victim']]}{reading.on_data(cell['data'])}, "
            f"from {percent(cell['clean']['rank1'])} to {percent(cell['attacked']['rank1'])} at "
            f"epsilon {reading.epsilon}; noise of that size leaves "
            f"{percent(under_noise(cell, 'rank1'))}."
        )
    for index, name in enumerate(reading.generators):
        cells = [cell for cell in others(reading) if cell["generator"] == index]
        shares = [share for share in (left(cell, "rank1") for cell in cells) if share is not None]
        if shares:
            halved = sum(share <= ENOUGH for share in shares)
            who = "victim" if len(shares) == 1 else "victims"
            yield (
                f"Of {len(shares)} {who} that {name} was not trained against, {halved} lose at "
                f"least half of their rank-1."
            )
    strange = [cell for cell in reading.results["cells"] if cell["kinship"] == UNKNOWN]
    if strange:
        yield (
            f"For {len(strange)} of {len(reading.results['cells'])} pairs it is not known what the "
            "generator was trained on."
        )


def own(reading):
    """Cells of generators with the victims that they were trained against."""
    return reading.cells(kinship=OWN_VICTIM)


def others(reading):
    """Cells of another model, other data, or both."""
    return [c for c in reading.results["cells"] if c["kinship"] not in (OWN_VICTIM, UNKNOWN)]


def _fall(cells, of):
    clean = mean([cell["clean"]["rank1"] for cell in cells])
    over = "" if len(cells) == 1 else f", mean of {len(cells)}"
    return percent(mean([of(cell) for cell in cells])), f"{percent(clean)} clean{over}"
