"""A machine for the few opcodes that dictionaries, tuples, numbers and tensors need."""

from keras_reid.errors import ReIDError
from keras_reid.models.torch_names import Inert, Name, called, is_allowed, named
from keras_reid.models.torch_tensors import Storage, is_count

REMEDY = (
    "save the weights alone: "
    "torch.save({name: tensor.cpu() for name, tensor in model.state_dict().items()}, path)"
)

CONSTANTS = (
    "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINSTRING", "SHORT_BINSTRING",
    "SHORT_BINBYTES", "BINBYTES", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT",
)  # fmt: skip
VALUES = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "MARK": lambda: MARK}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
MARK = object()


class Machine:
    """The stack of a pickle, and what its opcodes do to it.

    Whatever is wrong is a ReIDError or, where only damage explains it, the ValueError, TypeError,
    LookupError or OverflowError of whoever notices. No opcode copies more than it takes off the
    stack, so that memory stays in proportion to the pickle.
    """

    def __init__(self, path):
        self._path = path
        self._stack, self._memo, self.storages = [], {}, {}

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
            if not self._is_inert():
                self._top(list).extend(values)
        elif name in ("SETITEM", "SETITEMS"):
            values = [self.pop(), self.pop()][::-1] if name == "SETITEM" else self._above_mark()
            self._set_items(values)
        elif name == "GLOBAL":
            push(self._allowed(named(*argument.split(" ", 1))))
        elif name == "STACK_GLOBAL":
            attribute, module = self.pop(), self.pop()
            push(self._allowed(named(module, attribute)))
        elif name == "BINPERSID":
            push(self._storage(self.pop()))
        elif name in ("REDUCE", "NEWOBJ"):
            arguments = self.pop()
            push(self._called(self.pop(), arguments))
        elif name == "BUILD":
            self.pop()  # the state dict's notes on versions
            if not self._is_inert():
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

    def _is_inert(self):
        """Whether what is filled swallows all that it is given."""
        return isinstance(self._stack[-1], Inert)

    def _set_items(self, values):
        if self._is_inert():
            return
        keys = values[::2]
        # Only what hashes in no time, each to another number: a tuple of tuples of tuples can take
        # years, and whole numbers collide from 2**61 - 1 on.
        if len(values) % 2 or not all(_is_key(key) for key in keys):
            raise ValueError("keys that are no names")
        self._top(dict).update(zip(keys, values[1::2], strict=True))

    def _storage(self, value):
        # The length first: a list of a hundred thousand could be taken apart as often.
        if type(value) is not tuple or not 5 <= len(value) <= 6:
            raise ValueError("a storage without kind, key or size")
        tag, kind, key, _, count, *view = value
        if tag != "storage" or any(part is not None for part in view):
            self._refuse("an object that is no plain storage")
        if not (isinstance(kind, Name) and isinstance(key, str) and is_count(count)):
            raise ValueError("a storage without kind, key or size")
        self.storages[key] = Storage(kind.text, key, count)
        return self.storages[key]

    def _allowed(self, name):
        return name if is_allowed(name) else self._refuse(name.text)

    def _called(self, function, arguments):
        if type(function) is not Name or type(arguments) is not tuple:
            return self._refuse("a call of something without a name")
        value = called(function, arguments)
        return self._refuse(function.text) if value is None else value

    def _refuse(self, what):
        what = repr(what[:80])[1:-1]  # one line, whatever is in it
        raise ReIDError(
            f"{self._path} is a pickle that contains code ({what}), which is never run; {REMEDY}"
        )


def _is_key(value):
    return isinstance(value, str) or (isinstance(value, int) and value.bit_length() <= 60)
