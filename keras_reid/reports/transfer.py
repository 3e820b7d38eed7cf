"""The page of a transfer evaluation: who fools whom, with how many pixels, and how visibly."""

import numpy as np
from PIL import Image

from keras_reid.errors import ReIDError
from keras_reid.reports.content import ReportContent
from keras_reid.reports.transfer_figures import example_figures, matrix_figures, pixel_figures
from keras_reid.reports.transfer_reading import Reading
from keras_reid.reports.transfer_tables import matrix_table, pixels_table, quality_table
from keras_reid.reports.transfer_words import key_figures, sentences

TITLE = "Whom does a mis-ranking generator fool?"


def transfer_report(results, *, title=TITLE):
    """ReportContent of what `keras_reid.evaluation.transfer` found.

    Args:
      results: as `read_transfer` reads them.

    Raises:
      ReIDError: a picture that they name is missing.
    """
    reading = Reading(results)
    return ReportContent(
        title=title,
        key_figures=tuple(key_figures(reading)),
        summary=tuple(sentences(reading)),
        tables=(matrix_table(reading, "rank1"), quality_table(reading), *pixels_table(reading)),
        folded=(matrix_table(reading, "mean_ap"),),
        figures=(
            *matrix_figures(reading),
            *pixel_figures(reading),
            *example_figures(reading, read_picture),
        ),
        figures_heading="Heat maps, curves and examples",
        notes=tuple(results["notes"]),
        threat_model=threat_model(results),
        provenance=provenance(results),
    )


def threat_model(results):
    """What the attacker may do and knows."""
    settings = results["settings"]
    return {
        "norm": f"L-infinity, {settings['epsilon_255']:g}/255, at the generator's input resolution",
        "attacked": "query; the gallery stays clean",
        "knowledge": "one pass of a generator that was trained beforehand, no question to the "
        "victim; own: it was trained against this victim, as a white box",
        "pixels": ", ".join(str(each["num_pixels"] or "all") for each in results["generators"]),
        "distance": ", ".join(dict.fromkeys(each["distance"] for each in results["victims"])),
        "average precision": settings["average_precision"],
        "noise": f"uniform and sign, every pixel, seed {settings['seed']}",
    }


def provenance(results):
    """Command, versions, and who everybody is."""
    told = dict(results["provenance"])
    for kind in ("generator", "victim"):
        for index, each in enumerate(results[f"{kind}s"], 1):
            told[f"{kind} {index}"] = f"{each['source']} (weights {each['fingerprint']}"
            origin = each.get("origin")
            told[f"{kind} {index}"] += f", exported from {origin})" if origin else ")"
            if kind == "generator" and each["victim"]:
                told[f"{kind} {index}"] += (
                    f", trained against {each['victim']} (weights {each['victim_fingerprint']}) "
                    f"on data {each['data_fingerprint']}"
                )
    for index, data in enumerate(results["data"], 1):
        told[f"data {index}"] = (
            f"{data['name']} ({data['fingerprint']}), {data['query']} queries, {data['gallery']} "
            "gallery images"
        )
    return told


def read_picture(path):
    """uint8 [H, W, 3] of a PNG that the results name."""
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except OSError as error:
        raise ReIDError(f"{path} cannot be read; restore it, or evaluate again") from error
