"""The files of a transfer evaluation: results.json, transfer.csv, pictures, adversarial images."""

import csv
from pathlib import Path

from PIL import Image

from keras_reid.evaluation.robustness_files import check_results_file, read_results
from keras_reid.evaluation.transfer.results import KIND, SCHEMA
from keras_reid.files import aside, check_writable

FILES = ("results.json", "transfer.csv", "transfer.html")
MEASURES = ("mean_ap", "rank1", "rank5", "rank10", "mean_inp")
STATES = ("clean", "attacked", "noise", "sign_noise")
QUALITY = ("linf_255", "changed_pixels", "most_pixels", "ms_ssim", "ssim", "psnr")


def check_outputs(workdir):
    """Refuses a place where the results could not be written."""
    for name in FILES:
        check_writable(Path(workdir) / name)
    check_results_file(Path(workdir) / "results.json", KIND, SCHEMA)


def read_transfer(path):
    """What `trainers.evaluate_transfer` wrote, or a ReIDError for anything else."""
    return read_results(path, KIND, SCHEMA)


def write_cells(path, results):
    """One line a cell of the matrix; an empty field where nothing was measured."""
    quality = {(each["generator"], each["data"]): each for each in results["quality"]}
    columns = ["victim", "distance", "data", "generator", "kinship", "num_pixels", "resized"]
    columns += [f"{state}_{name}" for state in STATES for name in MEASURES] + list(QUALITY)
    with aside(path) as draft, open(draft, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for cell in results["cells"]:
            victim, generator = (
                results[f"{name}s"][cell[name]] for name in ("victim", "generator")
            )
            seen = quality[cell["generator"], cell["data"]]
            writer.writerow(
                [victim["source"], victim["distance"], data_name(results, cell["data"]),
                 generator["source"], cell["kinship"], generator["num_pixels"],
                 int(cell["resized"])]
                + [f"{cell[state][name]:.6f}" for state in STATES for name in MEASURES]
                + [seen[name] for name in QUALITY]
            )  # fmt: skip


def data_name(results, index):
    """The data set's name; with its fingerprint where another has the same name."""
    names = [each["name"] for each in results["data"]]
    data = results["data"][index]
    several = names.count(data["name"]) > 1
    return f"{data['name']} {data['fingerprint'][:6]}" if several else data["name"]


def save_pictures(pictures, datasets, folder):
    """Writes the pictures of examples; returns what "examples" of the results holds.

    Args:
      pictures: [Pictures].
      folder: they go to <folder>/<generator>_<data set>/<row>_<name>_<kind>.png.
    """
    entries = []
    for each in pictures:
        for row, shown in each.found.items():
            record = datasets[each.data].query[row]
            paths = {}
            for kind, pixels in shown.items():
                name = f"{file_name(row, record)}_{kind}.png"
                path = Path(folder) / f"{each.generator}_{each.data}" / name
                write_png(path, pixels)
                paths[kind] = str(path)
            entries.append(
                {"generator": each.generator, "data": each.data, "pid": record.pid,
                 "path": record.path, "pictures": paths}
            )  # fmt: skip
    return entries


def query_saver(datasets, folder):
    """The `save` of `run_transfer`: <folder>/<generator>_<data set>/query/<row>_<name>.png."""

    def save(generator, data, rows, pixels):
        for row, image in zip(rows, pixels, strict=True):
            name = f"{file_name(row, datasets[data].query[row])}.png"
            write_png(Path(folder) / f"{generator}_{data}" / "query" / name, image)

    return save


def file_name(row, record):
    """000012_name of the query at a row: names may repeat from folder to folder."""
    return f"{row:06d}_{Path(record.path).stem}"


def write_png(path, pixels):
    """uint8 [H, W, 3] to a file, aside and then renamed."""
    with aside(path) as draft:
        Image.fromarray(pixels).save(draft, format="PNG")
