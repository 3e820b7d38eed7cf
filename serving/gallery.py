"""A gallery: embeddings of a folder's images, remembered between calls."""

import dataclasses
import os
import urllib.parse
import zipfile
from pathlib import Path

import numpy as np

from serving import contract
from serving.bulk_gallery import is_bulk, read_bulk
from serving.errors import BadRequest
from serving.files import write_npz
from serving.gallery_index import nearest

SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclasses.dataclass(frozen=True)
class Gallery:
    """Embeddings float32 [G, D] of the images at `paths`.

    stamps: int64 [G, 2] modification time in nanoseconds and size, to notice a changed file.
    model: fingerprint of the model that made the embeddings; "" if not known.
    home: path that names begin with of what is kept beside the gallery; "": nothing is kept.
    """

    paths: list
    embeddings: np.ndarray
    stamps: np.ndarray
    model: str = ""
    home: str = ""

    def nearest(self, embedding, count):
        """Returns [(path, distance)] of the `count` images nearest to `embedding` [D]."""
        return self.named(*nearest(self.embeddings, embedding, count))

    def named(self, rows, distances):
        """[(path, distance)] of what an index found."""
        return [
            (self.paths[row], float(distance))
            for row, distance in zip(rows, distances, strict=True)
        ]


def open_gallery(source, client, model, say=lambda message: None):
    """The gallery of a folder of images, of a bulk run, or of an .npz file.

    Args:
      source: folder of images, output folder of `export.bulk_embed`, or .npz file with `paths` and
        `embeddings`.
      client: ReIDClient; embeds what is new or has changed in a folder.
      model: name of the served model; each has a cache of its own.
      say: called with a sentence before work that takes long.
    """
    source = Path(source)
    fingerprint = fingerprint_of(client)
    bulk = is_bulk(source)
    if source.is_dir() and not bulk:
        return folder_gallery(source, client, model, fingerprint, say)
    if not source.exists():
        raise BadRequest(f"the gallery {source} does not exist: give a folder or an .npz file")
    gallery = bulk_gallery(source) if bulk else read(source)
    if gallery.model not in ("", fingerprint):
        raise BadRequest(
            f"{source} holds embeddings of another model ({gallery.model}) than the one served "
            f"({fingerprint}): give the folder of images instead"
        )
    return gallery


def bulk_gallery(folder):
    keys, embeddings, model = read_bulk(folder)
    return Gallery(keys, embeddings, np.zeros([0, 2], np.int64), model, str(folder.resolve()))


def fingerprint_of(client):
    """What tells one set of weights from another."""
    told = description_of(client).get("model_fingerprint")
    versions = [row.version for row in client.status() if row.state == "AVAILABLE"]
    return told or f"version {max(versions, default=0)}"


def description_of(client):
    """What a model of ours tells of itself; {} of another."""
    return client.describe() if contract.DESCRIBE in client.metadata() else {}


def folder_gallery(folder, client, model, fingerprint, say):
    paths = images_below(folder)
    stamps = np.array([stamp(path) for path in paths], np.int64)
    names = [path.relative_to(folder).as_posix() for path in paths]
    cache = cache_path(folder, model)
    known = remembered(cache, fingerprint)
    embeddings = [known.get((name, *stamps[index])) for index, name in enumerate(names)]
    new = [index for index, embedding in enumerate(embeddings) if embedding is None]
    if new:
        say(f"embedding {len(new)} of {len(paths)} gallery images")
        made = client.embed([paths[index] for index in new])
        for index, embedding in zip(new, made, strict=True):
            embeddings[index] = embedding
    table = np.stack(embeddings)
    if new or len(known) != len(names):
        try:
            write_npz(cache, paths=names, embeddings=table, stamps=stamps, model=fingerprint)
        except BadRequest as error:  # a read-only data set is no reason to fail
            say(f"not remembered: {error}")
    return Gallery([str(path) for path in paths], table, stamps, fingerprint, str(cache))


def images_below(folder):
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )
    if not paths:
        raise BadRequest(f"the gallery {folder} holds no JPEG or PNG image")
    return paths


def stamp(path):
    status = os.stat(path)
    return status.st_mtime_ns, status.st_size


def cache_path(folder, model):
    """Beside the folder, not in it."""
    folder = folder.resolve()
    return folder.with_name(f"{folder.name}.{urllib.parse.quote(model, safe='')}.npz")


def remembered(cache, fingerprint):
    """{(name, modification time, size): embedding} of a cache; empty if it is of no use."""
    try:
        gallery = read(cache)
    except BadRequest:
        return {}
    if gallery.model != fingerprint or len(gallery.stamps) != len(gallery.paths):
        return {}
    keys = zip(gallery.paths, *gallery.stamps.T.tolist(), strict=True)
    return dict(zip(keys, gallery.embeddings, strict=True))


def read(path):
    """Reads an .npz file; raises BadRequest if it is no gallery."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        paths, embeddings = arrays["paths"], arrays["embeddings"].astype(np.float32)
        if embeddings.ndim != 2 or len(embeddings) == 0 or paths.shape != embeddings.shape[:1]:
            raise ValueError
        stamps = arrays.get("stamps", np.zeros([0, 2], np.int64)).reshape(-1, 2)
        model = str(arrays.get("model", ""))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise BadRequest(
            f"{path} is no gallery: it needs the arrays paths [G] and embeddings [G, D]"
        ) from error
    return Gallery([str(name) for name in paths], embeddings, stamps, model, str(path))
