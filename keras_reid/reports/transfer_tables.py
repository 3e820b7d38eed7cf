"""The tables of a transfer evaluation."""

from keras_reid.evaluation.transfer.plan import OWN_VICTIM
from keras_reid.reports.content import Table
from keras_reid.reports.transfer_reading import MEASURES, explained, left, under_noise


def matrix_table(reading, measure):
    """Every victim under every generator, by one of `MEASURES`: on a phone, both are too wide."""
    cells = sorted(reading.results["cells"], key=lambda cell: (cell["data"], cell["victim"]))
    rows = []
    for cell in cells:
        share = left(cell, measure)
        rows.append(
            (
                reading.victims[cell["victim"]],
                *([reading.data[cell["data"]]] if reading.several_data else []),
                reading.generators[cell["generator"]],
                100 * cell["attacked"][measure],
                100 * cell["clean"][measure],
                100 * under_noise(cell, measure),
                None if share is None else 100 * share,
                cell["kinship"],
            )
        )
    return Table(
        f"Victims under generators at epsilon {reading.epsilon}, {MEASURES[measure]}",
        ("victim", *(["data"] if reading.several_data else []), "generator", "attacked %",
         "clean %", "noise %", "of clean %", "trained on"),
        tuple(rows),
        note=f"Ranked: {reading.distance}. Noise: the stronger of uniform and sign noise of the "
        f"same epsilon. Trained on, {explained({cell['kinship'] for cell in cells})}.",
        strong=tuple(index for index, cell in enumerate(cells) if cell["kinship"] == OWN_VICTIM),
    )  # fmt: skip


def quality_table(reading):
    """How visible each generator's images are."""
    rows = [
        (
            reading.generators[each["generator"]],
            *([reading.data[each["data"]]] if reading.several_data else []),
            each["linf_255"],
            f"{100 * each['changed_pixels']:.1f}",
            each["most_pixels"],
            each["ms_ssim"],
            each["ssim"],
            None if each["psnr"] is None else f"{each['psnr']:.1f}",
        )
        for each in reading.results["quality"]
    ]
    scales = {each["ms_ssim_scales"] for each in reading.results["quality"]}
    return Table(
        "How visible the change is, measured on the uint8 output",
        ("generator", *(["data"] if reading.several_data else []), "L-inf /255",
         "changed pixels %", "most in an image", "MS-SSIM", "SSIM", "PSNR dB"),
        tuple(rows),
        note=f"Means over the attacked queries; MS-SSIM of "
        f"{' or '.join(map(str, sorted(scales)))} scales. A pixel has changed where any of its "
        "three values has.",
        digits=3,
    )  # fmt: skip


def pixels_table(reading):
    """[Table] of each generator's own victim over the number of pixels, if there is any."""
    rows = []
    for curve in reading.results["curves"]:
        name = reading.generators[curve["generator"]] + reading.on_data(curve["data"])
        rows.append((name, 0, 100 * curve["clean"]["mean_ap"], 100 * curve["clean"]["rank1"],
                     None, None))  # fmt: skip
        rows += [
            (
                name,
                point["num_pixels"],
                100 * point["mean_ap"],
                100 * point["rank1"],
                f"{100 * point['changed_pixels']:.1f}",
                f"{point['ms_ssim']:.3f}",
            )
            for point in curve["points"]
        ]
    if not rows:
        return []
    return [
        Table(
            "Each generator on its own victim, over the number of pixels",
            ("generator", "pixels", "mAP %", "rank-1 %", "changed pixels %", "MS-SSIM"),
            tuple(rows),
        )
    ]
