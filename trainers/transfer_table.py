"""What trainers.evaluate_transfer prints, from the results that it writes."""

from keras_reid.reports.transfer_reading import Reading, under_noise


def print_transfer(results):
    """The matrix, what is to be seen of each generator, its curve over pixels, notes."""
    reading = Reading(results)
    print_matrix(reading)
    print_quality(reading)
    print_curves(reading)
    for note in results["notes"]:
        print(f"note: {note}")


def print_matrix(reading):
    """One line a victim, data set and generator."""
    wide = max(map(len, ("generator", *reading.generators))) + 2
    long = max(len(_who(reading, cell)) for cell in reading.results["cells"]) + 2
    print(f"epsilon {reading.epsilon}, {reading.distance}, in percent")
    print(f"{'victim':<{long}}{'generator':<{wide}}{'trained on':<15}{'rank-1':>7}{'noise':>7}"
          f"{'attacked':>9}{'mAP':>8}{'noise':>7}{'attacked':>9}")  # fmt: skip
    for cell in reading.results["cells"]:
        print(
            f"{_who(reading, cell):<{long}}{reading.generators[cell['generator']]:<{wide}}"
            f"{cell['kinship']:<15}" + _figures(cell, "rank1", 7) + _figures(cell, "mean_ap", 8)
        )


def _who(reading, cell):
    return reading.victims[cell["victim"]] + reading.on_data(cell["data"])


def _figures(cell, name, width):
    clean, noise, attacked = cell["clean"][name], under_noise(cell, name), cell["attacked"][name]
    return f"{100 * clean:>{width}.1f}{100 * noise:>7.1f}{100 * attacked:>9.1f}"


def print_quality(reading):
    """One line a generator and data set: the change on uint8."""
    for each in reading.results["quality"]:
        psnr = "nothing changed" if each["psnr"] is None else f"PSNR {each['psnr']:.1f} dB"
        print(
            f"{reading.generators[each['generator']]}{reading.on_data(each['data'])}: L-inf "
            f"{each['linf_255']}/255, {100 * each['changed_pixels']:.1f} % of the pixels changed "
            f"(at most {each['most_pixels']}), MS-SSIM {each['ms_ssim']:.3f}, SSIM "
            f"{each['ssim']:.3f}, {psnr}"
        )


def print_curves(reading):
    """One line a generator: mAP of its own victim by number of pixels."""
    for curve in reading.results["curves"]:
        points = ", ".join(
            f"{point['num_pixels']}: {100 * point['mean_ap']:.1f}" for point in curve["points"]
        )
        print(
            f"{reading.generators[curve['generator']]}{reading.on_data(curve['data'])} on "
            f"{reading.victims[curve['victim']]}, mAP by pixels: 0: "
            f"{100 * curve['clean']['mean_ap']:.1f}, {points}"
        )
