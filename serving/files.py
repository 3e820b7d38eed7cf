"""Writing files so that nobody ever sees half of one."""

import contextlib
import io
import json
import os
from pathlib import Path

import numpy as np
from PIL import Image

from serving.errors import BadRequest


def write_bytes(path, content):
    """Writes aside and renames; raises BadRequest where the place cannot be written."""
    path = Path(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        os.replace(draft, path)
    except OSError as error:
        raise BadRequest(
            f"cannot write {path}: {error.strerror or error}; "
            "choose a folder with space and write permission"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def write_json(path, value):
    write_bytes(path, (json.dumps(value, indent=2) + "\n").encode())


def write_npy(path, array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    write_bytes(path, buffer.getvalue())


def write_npz(path, **arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_bytes(path, buffer.getvalue())


def write_png(path, pixels):
    """uint8 [H, W, 3]; lossless, where a JPEG would undo part of an attack."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    write_bytes(path, buffer.getvalue())


def read_png(path):
    """The pixels of a file as they were written."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
