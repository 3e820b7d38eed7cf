"""The files of a robustness evaluation: results.json, per_query.csv, images of a few queries."""

import csv
import json
import math
from pathlib import Path

from PIL import Image

from keras_reid.errors import ReIDError
from keras_reid.evaluation.grid import NO_GUIDES, VICTIM
from keras_reid.evaluation.robustness_results import KIND, SCHEMA
from keras_reid.files import aside

CSV_COLUMNS = (
    "path", "pid", "camid", "role", "attack", "epsilon_255", "attacked", "guide_source", "seed",
    "steps", "remark", "average_precision", "first_match",
)  # fmt: skip


def read_results(path, kind=KIND, schema=SCHEMA):
    """What `trainers.evaluate_robustness` wrote, or a ReIDError for anything else.

    Args:
      path: JSON file. kind, schema: of the results that are wanted.
    """
    try:
        told = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReIDError(
            f"{path} cannot be read as results; delete it and run the evaluation again, whose "
            "cells are kept"
        ) from error
    if not isinstance(told, dict) or told.get("kind") != kind:
        raise ReIDError(
            f"{path} holds no results of the kind {kind}; name another file, or another workdir"
        )
    if told.get("schema") != schema:
        raise ReIDError(
            f"{path} is of schema {told.get('schema')} and this is schema {schema}; read it with "
            "the version that wrote it, or evaluate again in another workdir"
        )
    return told


def check_results_file(path, kind=KIND, schema=SCHEMA):
    """Refuses to overwrite what this version could not have written."""
    if Path(path).exists():
        read_results(path, kind, schema)


def save_examples(findings, dataset, plan, folder):
    """Writes the adversarial images of the headline's epsilon; returns what "rank_lists" holds.

    Args:
      folder: images go to <folder>/<attack>_<epsilon>[_<guide source>]/<index>_<name>.png.
    """
    clean = findings.clean.words["examples"]
    entries = []
    for each in findings.measured:
        cell, row = each.cell, each.row
        wanted = cell.role == VICTIM and cell.examples and not cell.extra
        if not wanted or row.epsilon_255 != plan.headline_255:
            continue
        source = "" if cell.guide_source == NO_GUIDES else f"_{cell.guide_source}"
        below = Path(folder) / f"{row.attack}_{row.epsilon_255:g}{source}"
        for place, query in enumerate(cell.examples):
            saved = None
            if "images" in each.content.arrays:
                stem = Path(dataset.query[query].path).stem
                saved = below / f"{query:06d}_{stem}.png"
                with aside(saved) as draft:
                    image = Image.fromarray(each.content.arrays["images"][place])
                    image.save(draft, format="PNG")
            example = each.content.words["examples"][place]
            entries.append(
                {
                    "query": example["query"],
                    "attack": row.attack,
                    "epsilon_255": row.epsilon_255,
                    "attacked_side": row.attacked,
                    "guide_source": row.guide_source,
                    "guides": example.get("guides", {}),
                    "adversarial": str(saved) if saved else None,
                    "clean": clean[place]["places"],
                    "attacked": example["places"],
                }
            )
    return entries


def write_per_query(path, findings, dataset):
    """One line a query and cell, the clean ranking first; an empty field where nothing is valid."""
    everybody = range(len(dataset.query))
    with aside(path) as draft, open(draft, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(CSV_COLUMNS)
        for role, content in (("victim", findings.clean), ("twin", findings.twin_clean)):
            if content is not None:
                facts = (role, "clean", 0, "", "", "", 0, "")
                _write_lines(writer, dataset, everybody, facts, content.arrays)
        for each in findings.measured:
            row, extra = each.row, each.row.extra
            remark = "; ".join(f"{key} {value}" for key, value in extra.items())
            facts = (
                each.cell.role, row.attack, f"{row.epsilon_255:g}", row.attacked,
                row.guide_source, row.seed, row.steps, remark,
            )  # fmt: skip
            rows = everybody if each.cell.rows is None else each.cell.rows
            _write_lines(writer, dataset, rows, facts, each.content.arrays)


def _write_lines(writer, dataset, rows, facts, arrays):
    values = zip(rows, arrays["average_precision"], arrays["first_hit"], strict=True)
    for index, precision, first in values:
        record = dataset.query[index]
        scores = ("", "") if math.isnan(first) else (f"{precision:.6f}", int(first))
        writer.writerow((record.path, record.pid, record.camid, *facts, *scores))
