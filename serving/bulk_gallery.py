"""The output of `python -m export.bulk_embed` as a gallery: Parquet files, read with pyarrow."""

import importlib.util
import json

import numpy as np

from serving.errors import BadRequest

JOB, SUCCESS = "_job.json", "_SUCCESS"


def is_bulk(folder):
    """Whether a bulk run wrote, or writes, into this folder."""
    return (folder / JOB).is_file()


def read_bulk(folder):
    """(keys, embeddings float32 [G, D], fingerprint of the model) of a finished run."""
    again = "give it again, python -m export.bulk_embed goes on"
    if not (folder / SUCCESS).is_file():
        raise BadRequest(f"the gallery {folder} is a bulk run that is not finished: {again}")
    try:
        settings = json.loads((folder / JOB).read_text(encoding="utf-8"))
        suffix, model = settings["format"], settings["model"]
        width, fingerprint = model["embedding_size"], model["model_fingerprint"] or ""
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadRequest(f"{folder / JOB} is damaged: write the gallery anew") from error
    if suffix != "parquet":
        raise BadRequest(f"the gallery {folder} holds {suffix} files: write it as --format=parquet")
    if importlib.util.find_spec("pyarrow") is None:
        raise BadRequest(
            f"the gallery {folder} holds Parquet files and pyarrow is not installed: "
            "pip install pyarrow"
        )
    tables = [table(path, width) for path in sorted(folder.glob("embeddings-*.parquet"))]
    if len(tables) != settings["shards"]:
        raise BadRequest(
            f"the gallery {folder} has {len(tables)} of {settings['shards']} files: "
            "remove it and write it anew"
        )
    keys = [key for part, _ in tables for key in part]
    if not keys:
        raise BadRequest(f"the gallery {folder} holds no embedding")
    return keys, np.concatenate([part for _, part in tables]), fingerprint


def table(path, width):
    """(keys, float32 [rows, width]) of one file."""
    import pyarrow
    import pyarrow.parquet

    try:
        read = pyarrow.parquet.read_table(path, columns=["key", "embedding"])
        flat = read.column("embedding").combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return read.column("key").to_pylist(), flat.reshape(-1, width).astype(np.float32)
    except (OSError, KeyError, ValueError, pyarrow.ArrowException) as error:
        raise BadRequest(f"{path} is damaged: remove the gallery and write it anew") from error
