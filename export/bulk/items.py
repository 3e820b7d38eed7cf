"""One image of a bulk run: where it lies, which partition it belongs to, and its own seed."""

import hashlib
from typing import NamedTuple


class Item(NamedTuple):
    """One line of a listing.

    key: names the image in the output, and alone decides partition and seed.
    path: its file, or the TFRecord file that holds it.
    size: bytes of the file or record.
    offset: where the record begins in a TFRecord file; None of an image file.
    pid, camid: person and camera, where they are known.
    problem: why it cannot be read, where the listing saw that.
    """

    key: str
    path: str
    size: int
    offset: int | None = None
    pid: int | None = None
    camid: int | None = None
    problem: str | None = None


class Letter(NamedTuple):
    """A dead letter: what could not be used, and why."""

    key: str
    reason: str


def partition_of(key, shards):
    """The partition of a key, the same on every machine and in every run."""
    return number_of(key) % shards


def seed_of(key, seed):
    """An attack's seed for one image, 0 <= seed < 2**63: neither order nor sharding changes it."""
    return number_of(f"{seed}:{key}") >> 1


def number_of(text):
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def digest_of(items):
    """What tells one list of images from another: their keys and sizes, whatever the order."""
    lines = sorted(f"{item.key}\0{item.size}" for item in items)
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=16).hexdigest()
