"""Which server an export is tried on."""

import shutil

from export.publishing.runners.docker import IMAGE, DockerRunner
from export.publishing.runners.local import PROGRAM, BinaryRunner, EmbeddedRunner
from keras_reid.errors import ReIDError

AUTO = "auto"
KINDS = (AUTO, "embedded", "binary", "docker")


def choose(kind=AUTO, binary=None, image=IMAGE):
    """(base, names) -> runner.

    Args:
      kind: one of KINDS; "auto" is the binary where it is named or on PATH, else embedded.
      binary: path of tensorflow_model_server, or None for the one on PATH.
      image: for "docker".

    Raises:
      ReIDError: a binary that is not there.
    """
    found = shutil.which(binary or PROGRAM)
    if binary and found is None:
        raise ReIDError(f"--binary={binary} is no program that can be run")
    if kind == "binary" and found is None:
        raise ReIDError(f"{PROGRAM} is not on PATH; name it with --binary, or use another --runner")
    if kind == "docker":
        return lambda base, names: DockerRunner(base, names, image)
    if kind == "binary" or (kind == AUTO and found):
        return lambda base, names: BinaryRunner(base, names, found)
    return EmbeddedRunner
