"""Reads a pickle of plain values without executing any of it, and writes one.

`pickle.Unpickler` allocates whatever a hostile memo index asks for, also with `find_class` locked;
`pickletools` reads the arguments of every opcode there is. torch writes its bytecode with a handful of
opcodes (torch/csrc/jit/serialization/pickler.h): these are understood here, and nothing else. Time and memory
are linear in the length of the pickle, however its values refer to one another.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping

# Far above the bytecode of any fixture; a byte of pickle can become some sixty in memory.
MAX_BYTES = 2 << 20

PlainValue = object


class PickleError(ValueError):
    """Not a pickle of plain values: the message says what is wrong, and at which byte."""


def read_flat_pickle(content: bytes, *, exact: bool = False) -> PlainValue:
    """The value: numbers, strings, booleans, None, tuples, lists.

    A dict is the list of its keys and values in turn. What only a call could make, such as a tensor, is None.
    With `exact`, neither is taken. A value may contain another many times over, and a list may contain itself:
    who walks it bounds the walk.

    Raises PickleError on any other opcode, on a stack that runs empty, and unless the pickle ends where the
    content does, with one value.
    """
    if len(content) > MAX_BYTES:
        raise PickleError(f"it has {len(content)} bytes (at most {MAX_BYTES})")
    return _Reader(content, _EXACT_STEPS if exact else _STEPS).read()


def dump_flat_pickle(value: PlainValue) -> bytes:
    """A pickle of None, booleans, integers of 32 bits, floats, strings, tuples and lists, in torch's opcodes.

    The same value gives the same bytes, whatever the Python. Raises PickleError for any other value, and for
    one that nests too deeply or whose pickle would be larger than `MAX_BYTES`.
    """
    content = bytearray(b"\x80\x02")
    try:
        for part in _written(value):
            content += part
            if len(content) > MAX_BYTES:
                raise PickleError(f"a value of more than {MAX_BYTES} bytes")
    except RecursionError as error:
        raise PickleError("a value that nests too deeply") from error
    return bytes(content + b".")


def _written(value: PlainValue) -> Iterator[bytes]:
    match value:
        case None:
            yield b"N"
        case bool():
            yield b"\x88" if value else b"\x89"
        case int() if -(1 << 31) <= value < 1 << 31:
            yield b"J" + struct.pack("<i", value)
        case float():
            yield b"G" + struct.pack(">d", value)
        case str():
            text = value.encode()
            yield b"X" + struct.pack("<I", len(text)) + text
        case tuple() | list():
            yield b"(" if isinstance(value, tuple) else b"]("
            for item in value:
                yield from _written(item)
            yield b"t" if isinstance(value, tuple) else b"e"
        case _:
            raise PickleError(f"a {type(value).__name__} that cannot be written")


class _Reader:
    """The machine that a pickle is a program of. A mark sets the stack aside and begins a new one."""

    def __init__(self, content: bytes, steps: Mapping[bytes, Callable[[_Reader], object]]) -> None:
        self._content = content
        self._steps = steps
        self._position = 0
        self._stack: list[PlainValue] = []
        self._set_aside: list[list[PlainValue]] = []
        self._memo: dict[int, PlainValue] = {}

    def read(self) -> PlainValue:
        while (opcode := self.take(1)) != b".":
            step = self._steps.get(opcode)
            if step is None:
                raise PickleError(f"opcode {opcode!r} at byte {self._position - 1}")
            step(self)
        if self._set_aside or len(self._stack) != 1 or self._position != len(self._content):
            raise PickleError(f"it does not end with one value at byte {self._position}")
        return self._stack[0]

    def take(self, count: int) -> bytes:
        taken = self._content[self._position : self._position + count]
        if len(taken) < count:
            raise PickleError(f"it is cut off at byte {len(self._content)}")
        self._position += count
        return taken

    def take_number(self, form: str) -> int:
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def push(self, value: PlainValue) -> None:
        self._stack.append(value)

    def push_float(self) -> None:
        self.push(struct.unpack(">d", self.take(8))[0])

    def push_long(self) -> None:
        self.push(int.from_bytes(self.take(self.take_number("<B")), "little", signed=True))

    def push_text(self) -> None:
        # TorchScript does not ask what a string is encoded in.
        self.push(self.take(self.take_number("<I")).decode("utf-8", "backslashreplace"))

    def push_global(self) -> None:
        for _ in ("module", "name"):
            end = self._content.find(b"\n", self._position)
            self.take(len(self._content) if end < 0 else end + 1 - self._position)
        self.push(None)

    def mark(self) -> None:
        self._set_aside.append(self._stack)
        self._stack = []

    def since_mark(self) -> list[PlainValue]:
        if not self._set_aside:
            raise PickleError(f"its stack has no mark at byte {self._position}")
        items, self._stack = self._stack, self._set_aside.pop()
        return items

    def pop(self, count: int) -> list[PlainValue]:
        if len(self._stack) < count:
            raise PickleError(f"its stack runs empty at byte {self._position}")
        items = self._stack[len(self._stack) - count :]
        del self._stack[len(self._stack) - count :]
        return items

    def extend(self, items: list[PlainValue]) -> None:
        target = self._stack[-1] if self._stack else None
        if not isinstance(target, list):
            raise PickleError(f"it appends to something that is no list at byte {self._position}")
        target.extend(items)

    def call(self, parts: int) -> None:
        self.pop(parts)
        self.push(None)

    def remember(self, key: int) -> None:
        self._memo[key] = self.pop(1)[0]
        self.push(self._memo[key])

    def recall(self, key: int) -> None:
        if key not in self._memo:
            raise PickleError(f"it recalls what it has not remembered at byte {self._position}")
        self.push(self._memo[key])


_STEPS: dict[bytes, Callable[[_Reader], object]] = {
    b"\x80": lambda reader: reader.take(1),  # PROTO
    b"N": lambda reader: reader.push(None),  # NONE
    b"\x88": lambda reader: reader.push(True),  # NEWTRUE
    b"\x89": lambda reader: reader.push(False),  # NEWFALSE
    b"K": lambda reader: reader.push(reader.take_number("<B")),  # BININT1
    b"M": lambda reader: reader.push(reader.take_number("<H")),  # BININT2
    b"J": lambda reader: reader.push(reader.take_number("<i")),  # BININT
    b"\x8a": _Reader.push_long,  # LONG1
    b"G": _Reader.push_float,  # BINFLOAT
    b"X": _Reader.push_text,  # BINUNICODE
    b"(": _Reader.mark,  # MARK
    b")": lambda reader: reader.push(()),  # EMPTY_TUPLE
    b"\x85": lambda reader: reader.push(tuple(reader.pop(1))),  # TUPLE1
    b"\x86": lambda reader: reader.push(tuple(reader.pop(2))),  # TUPLE2
    b"\x87": lambda reader: reader.push(tuple(reader.pop(3))),  # TUPLE3
    b"t": lambda reader: reader.push(tuple(reader.since_mark())),  # TUPLE
    b"]": lambda reader: reader.push([]),  # EMPTY_LIST
    b"}": lambda reader: reader.push([]),  # EMPTY_DICT
    b"a": lambda reader: reader.extend(reader.pop(1)),  # APPEND
    b"e": lambda reader: reader.extend(reader.since_mark()),  # APPENDS
    b"u": lambda reader: reader.extend(reader.since_mark()),  # SETITEMS
    b"q": lambda reader: reader.remember(reader.take_number("<B")),  # BINPUT
    b"r": lambda reader: reader.remember(reader.take_number("<I")),  # LONG_BINPUT
    b"h": lambda reader: reader.recall(reader.take_number("<B")),  # BINGET
    b"j": lambda reader: reader.recall(reader.take_number("<I")),  # LONG_BINGET
    b"c": _Reader.push_global,  # GLOBAL
    b"R": lambda reader: reader.call(2),  # REDUCE
    b"b": lambda reader: reader.call(2),  # BUILD
    b"\x81": lambda reader: reader.call(2),  # NEWOBJ
    b"Q": lambda reader: reader.call(1),  # BINPERSID
}
# Opcodes of a dict, and of what only a call could make.
_INEXACT = frozenset({b"}", b"u", b"c", b"R", b"b", b"\x81", b"Q"})
_EXACT_STEPS = {opcode: step for opcode, step in _STEPS.items() if opcode not in _INEXACT}
