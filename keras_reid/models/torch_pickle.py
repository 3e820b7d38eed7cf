"""The pickle of a PyTorch state dict, read without pickle: nothing in it is ever called.

A machine for the few opcodes that dictionaries, tuples, numbers and tensors need. The names that a
pickle asks for are never imported; three of them have a meaning here, and any other is refused.
"""

import pickletools
from typing import NamedTuple

from keras_reid.errors import ReIDError

LARGEST_PICKLE = 2**20  # bytes; a ResNet-50's is 40 KB
REMEDY = (
    "save the weights alone: "
    "torch.save({name: tensor.cpu() for name, tensor in model.state_dict().items()}, path)"
)

CONSTANTS = (
    "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINSTRING", "SHORT_BINSTRING",
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT",
)  # fmt: skip
VALUES = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "MARK": lambda: MARK}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
DICTIONARY = "collections.OrderedDict"
TENSOR = "torch._utils._rebuild_tensor_v2"
PARAMETER = "torch._utils._rebuild_parameter"
MARK = object()


class Name(NamedTuple):
    """What a pickle would import."""

    text: str


class Storage(NamedTuple):
    """Numbers that lie elsewhere in the file."""

    kind: str  # such as "torch.FloatStorage"
    key: str
    count: int


class Tensor(NamedTuple):
    """A view of a storage, in elements; not yet checked against it."""

    storage: Storage
    offset: int
    shape: tuple
    strides: tuple


def read_pickle(file, path):
    """The value that a pickle describes: dicts, lists, tuples, strings, numbers and Tensors.

    Args:
      file: binary file; read up to the end of one pickle.
      path: for the sentences.

    Raises:
      ReIDError: anything else is in it, or it is damaged.
    """
    machine, start = _Machine(path), file.tell()
    try:
        for opcode, argument, place in pickletools.genops(file):
            if opcode.name == "STOP":
                return machine.pop()
            if place - start > LARGEST_PICKLE:
                raise ReIDError(f"{path} holds a pickle of more than 1 MiB; {REMEDY}")
            machine.do(opcode.name, argument)
    except ReIDError:
        raise
    except (ValueError, TypeError, LookupError, OverflowError) as error:
        raise ReIDError(f"{path} holds a damaged pickle; fetch the file again") from error
    raise ReIDError(f"{path} holds a pickle without an end; fetch the file again")


class _Machine:
    def __init__(self, path):
        self._path = path
        self._stack, self._memo = [], {}

    def pop(self):
        value = self._stack.pop()
        if value is MARK:
            raise ValueError("a mark where a value should be")
        return value

    def do(self, name, argument):
        push = self._stack.append
        if name in CONSTANTS:
            push(argument)
        elif name in VALUES:
            push(VALUES[name])
        elif name in EMPTY:
            push(EMPTY[name]())
        elif name in ("BINPUT", "LONG_BINPUT", "MEMOIZE"):
            # A dictionary: an index of a billion costs nothing.
            self._memo[len(self._memo) if argument is None else argument] = self._stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            push(self._memo[argument])
        elif name in TUPLES:
            push(tuple(reversed([self.pop() for _ in range(TUPLES[name])])))
        elif name == "TUPLE":
            push(tuple(self._above_mark()))
        elif name in ("APPEND", "APPENDS"):
            values = [self.pop()] if name == "APPEND" else self._above_mark()
            self._top(list).extend(values)
        elif name in ("SETITEM", "SETITEMS"):
            values = [self.pop(), self.pop()][::-1] if name == "SETITEM" else self._above_mark()
            self._set_items(values)
        elif name == "GLOBAL":
            push(Name(argument.replace(" ", ".")))
        elif name == "STACK_GLOBAL":
            attribute, module = self.pop(), self.pop()
            push(Name(f"{module:s}.{attribute:s}"))
        elif name == "BINPERSID":
            push(self._storage(self.pop()))
        elif name == "REDUCE":
            arguments = self.pop()
            push(self._called(self.pop(), arguments))
        elif name == "BUILD":
            self.pop()  # the state dict's notes on versions
            self._top(dict)
        elif name not in ("PROTO", "FRAME"):
            self._refuse(f"opcode {name}")

    def _above_mark(self):
        for place in range(len(self._stack) - 1, -1, -1):
            if self._stack[place] is MARK:
                values = self._stack[place + 1 :]
                del self._stack[place:]
                return values
        raise ValueError("no mark")

    def _top(self, kind):
        if type(self._stack[-1]) is not kind:
            self._refuse(f"a {type(self._stack[-1]).__name__} that is given a state")
        return self._stack[-1]

    def _set_items(self, values):
        keys = values[::2]
        # Only what hashes in no time: a tuple of tuples of tuples can take years.
        if len(values) % 2 or not all(isinstance(key, str | int) for key in keys):
            raise ValueError("keys that are no names")
        self._top(dict).update(zip(keys, values[1::2], strict=True))

    def _storage(self, value):
        tag, kind, key, _, count, *view = value
        if tag != "storage" or any(part is not None for part in view):
            self._refuse("an object that is no plain storage")
        if not (isinstance(kind, Name) and isinstance(key, str) and is_count(count)):
            raise ValueError("a storage without kind, key or size")
        return Storage(kind.text, key, count)

    def _called(self, function, arguments):
        name = function.text if isinstance(function, Name) else "something without a name"
        if name == DICTIONARY and arguments == ():
            return {}
        if name == TENSOR:
            storage, offset, shape, strides = arguments[:4]
            if isinstance(storage, Storage):
                return Tensor(storage, offset, shape, strides)
        if name == PARAMETER and isinstance(arguments[0], Tensor):
            return arguments[0]
        return self._refuse(name)

    def _refuse(self, what):
        raise ReIDError(
            f"{self._path} is a pickle that contains code ({what[:80]}), which is never run; "
            f"{REMEDY}"
        )


def is_count(value):
    """Whether `value` is a whole number that can count something; a bool cannot."""
    return type(value) is int and 0 <= value < 2**48
