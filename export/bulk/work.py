"""What is done to the images of one partition, whoever does it and wherever it runs."""

import dataclasses
import io

import numpy as np
from PIL import Image

from export.bulk.backends import Attack
from export.bulk.items import Letter, seed_of


@dataclasses.dataclass(frozen=True)
class Work:
    """What every partition is put through.

    attack: Attack, or None to embed only.
    seed: of the whole run; each image's own comes from it and the key.
    batch: images at a time.
    model: fingerprint, written into every record.
    """

    attack: Attack | None
    seed: int
    batch: int
    model: str


def work_through(backend, work, loaded):
    """Decodes, embeds and attacks.

    Args:
      backend: ServableBackend or ServerBackend.
      work: Work.
      loaded: [(Item, bytes)].

    Returns:
      ([record], [Letter]); a record is a dictionary of `schema.columns`, in the order of `loaded`.
    """
    records, letters = [], []
    for start in range(0, len(loaded), work.batch):
        items, encoded = zip(*loaded[start : start + work.batch], strict=True)
        decoded = backend.decode(list(encoded))
        found = [(item, each) for item, each in zip(items, decoded, strict=True)]
        letters += [Letter(item.key, each) for item, each in found if isinstance(each, str)]
        usable = [(item, each) for item, each in found if not isinstance(each, str)]
        if usable:
            made, refused = of_batch(backend, work, *zip(*usable, strict=True))
            records, letters = records + made, letters + refused
    return records, letters


def of_batch(backend, work, items, pixels):
    """The same for images that were decoded already."""
    pixels = np.stack(pixels)
    embeddings = backend.embed(pixels)
    attacked = [{}] * len(items)
    if work.attack:
        seeds = np.array([seed_of(item.key, work.seed) for item in items], np.int64)
        answer = backend.attack(pixels, work.attack, seeds)
        attacked = [of_attack(row, pixels, seeds, answer) for row in range(len(items))]
    records, letters = [], []
    for item, embedding, told in zip(items, embeddings, attacked, strict=True):
        if not np.isfinite(embedding).all():
            letters.append(Letter(item.key, "its embedding is not finite"))
            continue
        about = {"key": item.key, "pid": item.pid, "camid": item.camid}
        records.append({**about, "embedding": embedding, "model": work.model, **told})
    return records, letters


def of_attack(row, pixels, seeds, answer):
    """The part of a record that an attack adds; `linf` is measured on what the PNG holds."""
    adversarial = answer.adversarial[row]
    change = np.abs(adversarial.astype(np.int16) - pixels[row])
    return {
        "adversarial_png": png(adversarial),
        "epsilon": float(answer.epsilon_used[row]),
        # A generator draws nothing, and steps it has none.
        "seed": None if answer.steps_used is None else int(seeds[row]),
        "displacement": float(answer.displacement[row]),
        "linf": float(change.max()) / 255,
        "valid": bool(answer.valid[row]),
    }


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
