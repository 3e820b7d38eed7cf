"""What a caller may hand over as images: uint8 pixels or files; anything else is refused."""

import os
from collections.abc import Iterator

import numpy as np

from serving.errors import BadRequest, RequestTooLarge

STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")  # JPEG, PNG
FILE = (str, bytes, os.PathLike)


class Files:
    """Paths of image files, or the bytes of such files; read when they are sent, not before."""

    def __init__(self, items, names):
        self.items = items
        self.names = names

    def __len__(self):
        return len(self.items)

    def __getitem__(self, part):
        return Files(self.items[part], self.names[part])

    def read(self, limit=None):
        """Returns [N] bytes objects, each of at most `limit` bytes."""
        encoded = np.empty(len(self), dtype=object)
        for index, (item, name) in enumerate(zip(self.items, self.names, strict=True)):
            content = item if isinstance(item, bytes) else content_of(item)
            if not content.startswith(STARTS):
                raise BadRequest(f"{name} is neither a JPEG nor a PNG image")
            if limit is not None and len(content) > limit:
                raise RequestTooLarge(
                    f"{name} has {len(content)} bytes and the server takes at most {limit}: "
                    "send a smaller or more compressed image"
                )
            encoded[index] = content
        return encoded


def content_of(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise BadRequest(f"cannot read {os.fspath(path)}: {error.strerror or error}") from error


def as_batch(images, first=0):
    """One image or several, pixels or files -> uint8 [N, H, W, 3] or Files; never empty.

    first: place of the first one in the whole input, of which this may be a part.
    """
    if isinstance(images, FILE):
        images = [images]
    if isinstance(images, Iterator) or isinstance(images, np.ndarray) and images.dtype.kind in "OU":
        images = list(images)
    if isinstance(images, (list, tuple)) and any(isinstance(item, FILE) for item in images):
        return files(list(images), first)
    return pixels(images)


def files(items, first=0):
    strange = [index for index, item in enumerate(items) if not isinstance(item, FILE)]
    if strange:
        raise BadRequest(
            f"image {first + strange[0]} is neither a path nor bytes, but others are: send files "
            "and pixels in separate calls"
        )
    return Files(
        items,
        [
            f"image {index}" if isinstance(item, bytes) else os.fspath(item)
            for index, item in enumerate(items, first)
        ],
    )


def pixels(images):
    try:
        batch = np.asarray(images)
    except ValueError as error:
        raise BadRequest("the images differ in size: resize them to one size first") from error
    if batch.size == 0:
        raise BadRequest("no images given: a batch needs at least one")
    if batch.dtype.kind == "f":
        raise BadRequest(
            f"images must be uint8 pixels, not {batch.dtype}: for images in [0, 1] send "
            "np.round(images * 255).astype(np.uint8)"
        )
    if batch.dtype != np.uint8:
        raise BadRequest(f"images must be uint8 pixels or files, not {batch.dtype}")
    if batch.ndim == 3:
        batch = batch[np.newaxis]
    if batch.ndim != 4 or batch.shape[-1] != 3:
        raise BadRequest(
            f"images must have the shape [N, height, width, 3], not {list(batch.shape)}"
        )
    return batch


def check_size(batch, size):
    """Compares pixels with the model's (height, width); None fits anything."""
    height, width = batch.shape[1:3]
    if size[0] not in (None, height) or size[1] not in (None, width):
        raise BadRequest(
            f"images are {height} x {width} pixels (height x width) and the model takes "
            f"{size[0]} x {size[1]}: resize them, or send files, which the server resizes"
        )
