"""The pickle of a PyTorch checkpoint, read without pickle: nothing in it is ever called.

The names that a pickle asks for are never imported: `torch_names` says which may be there and what
stands for them, and `torch_machine` refuses the others.
"""

import io
import pickletools

from keras_reid.errors import ReIDError
from keras_reid.models.torch_machine import REMEDY, Machine

LARGEST_PICKLE = 2**20  # bytes; a ResNet-50's is 40 KB


def read_pickle(file, path):
    """The value that a pickle describes, and the storages that it mentions.

    Args:
      file: binary file; read up to the end of one pickle.
      path: for the sentences.

    Returns:
      (value, {key: Storage}): dicts, lists, tuples, strings, bytes, numbers, Tensors, and Inert for
      what is not known here.

    Raises:
      ReIDError: it holds a name or an opcode that is not of a checkpoint, or it is damaged.
    """
    # A part of the file alone: an opcode may say that gigabytes follow, and in a row they do.
    machine, start, part = Machine(path), file.tell(), io.BytesIO(file.read(LARGEST_PICKLE))
    try:
        for opcode, argument, _ in pickletools.genops(part):
            if opcode.name == "STOP":
                file.seek(start + part.tell())
                return machine.pop(), machine.storages
            machine.do(opcode.name, argument)
    except ReIDError:
        raise
    except (ValueError, TypeError, LookupError, OverflowError) as error:
        if part.tell() == LARGEST_PICKLE:
            raise ReIDError(f"{path} holds a pickle of more than 1 MiB; {REMEDY}") from error
        raise ReIDError(f"{path} holds a damaged pickle; fetch the file again") from error
    raise ReIDError(f"{path} holds a pickle without an end; fetch the file again")
