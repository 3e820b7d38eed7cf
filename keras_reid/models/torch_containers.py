"""Both containers that torch.save writes: a pickle, and where the bytes of its storages lie.

The zip archive since PyTorch 1.6, and the row of pickles before it, in which torchreid's model zoo
is published. Nothing is copied or even looked at before its size has been held against the file's.
"""

import io
import struct
import zipfile

from keras_reid.errors import ReIDError
from keras_reid.models.torch_pickle import LARGEST_PICKLE, read_pickle
from keras_reid.models.torch_tensors import dtype_of

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


def open_zip(contents, path):
    """(value, storage -> bytes) of a zip archive."""
    archive = zipfile.ZipFile(io.BytesIO(contents))
    members = {member.filename: member for member in archive.infolist()}
    tops = [name for name in members if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(tops) != 1:
        raise ReIDError(f"{path} is a zip archive, but not one that torch.save wrote")
    folder = tops[0].removesuffix("data.pkl")
    left = len(contents)

    def read(name, most):
        nonlocal left
        member = members[folder + name]
        # torch.save never compresses: whoever did may hide a terabyte in a kilobyte. Members that
        # lie over each other do the same, so all together they cannot exceed the file.
        left -= member.file_size
        if member.compress_type != zipfile.ZIP_STORED or member.file_size > most or left < 0:
            raise ReIDError(f"{path} holds a member {name[:80]} that is compressed or too large")
        return archive.read(member)

    if folder + "byteorder" in members and read("byteorder", 16) != b"little":
        raise ReIDError(f"{path} was written on a big-endian machine; save it again on another")
    value, _ = read_pickle(io.BytesIO(read("data.pkl", LARGEST_PICKLE)), path)
    return value, lambda storage: read(f"data/{storage.key}", len(contents))


def open_row(contents, path):
    """(value, storage -> bytes) of a row of pickles with the storages behind it."""
    file = io.BytesIO(contents)
    if contents[:1] != b"\x80" or read_pickle(file, path)[0] != MAGIC:
        raise ReIDError(f"{path} is no file that torch.save wrote")
    if read_pickle(file, path)[0] != PROTOCOL or not read_pickle(file, path)[0]["little_endian"]:
        raise ReIDError(f"{path} is of an unknown version of torch.save, or big-endian")
    value, storages = read_pickle(file, path)
    keys, _ = read_pickle(file, path)
    pieces = {}
    for key in keys:
        if not isinstance(key, str) or key not in storages or key in pieces:
            raise ReIDError(f"{path} has a storage that none of its tensors is of; save it again")
        (count,) = struct.unpack("<q", file.read(8))
        start, size = file.tell(), count * dtype_of(storages[key], path).itemsize
        if not 0 <= size <= len(contents) - start:
            raise ReIDError(f"{path} holds a storage that is larger than its file")
        pieces[key] = memoryview(contents)[start : start + size]
        file.seek(start + size)
    if file.tell() != len(contents):
        raise ReIDError(f"{path} has bytes behind its last storage; fetch the file again")
    return value, lambda storage: pieces[storage.key]
