"""What a frame is made of: the nodes that stand for values, and the bounds of each.

A node is a msgpack array whose first item is the letter of its kind (`tag`). `encoding` turns
values into nodes and `decoding` back; `arrays` and `atoms` do so for the kinds that they name.
"""

from __future__ import annotations

from typing import Any

import msgspec

ALIGNMENT = 16  # of each buffer, in bytes: arrays are views of the frame, whatever their dtype
MAX_DEPTH = 64  # keeps both sides far from Python's recursion limit
MAX_DIMENSIONS = 8  # more, of size 4 each, and merely printing the array takes minutes
MAX_INT_BITS = 2**13  # Python refuses to print longer ones than 4300 digits
MAX_ITEMS = 2**20  # of a range: it weighs nothing, and a list made of it does
SMALL_FRAME = 2**16  # bytes up to which copying is quicker than a system call of its own


class Malformed(Exception):
    """The frame is not data that this codec allows. The sender is to blame."""


class NotData(Exception):
    """A value that cannot travel: its message says what it is."""


class TooDeep(NotData):
    """A value that is nested too deeply or contains itself."""

    def __init__(self) -> None:
        super().__init__("a value that is nested too deeply or contains itself")


class List(msgspec.Struct, tag="l", array_like=True, frozen=True):
    items: list[Node]


class Tuple(msgspec.Struct, tag="t", array_like=True, frozen=True):
    items: list[Node]


class Dict(msgspec.Struct, tag="d", array_like=True, frozen=True):
    keys: list[Node]
    values: list[Node]


class Mapping(msgspec.Struct, tag="m", array_like=True, frozen=True):
    """A long dict: its keys and its values as two lists, which may be `Floats` or `Ints`."""

    keys: Node
    values: Node


class Set(msgspec.Struct, tag="e", array_like=True, frozen=True):
    """A set or frozenset: its items as a list, which may be `Floats` or `Ints`."""

    frozen: bool
    items: Node


class Floats(msgspec.Struct, tag="f", array_like=True, frozen=True):
    """A long list of floats, its contents in the buffers."""

    count: int


class Ints(msgspec.Struct, tag="n", array_like=True, frozen=True):
    """A long list of ints of 64 bits, its contents in the buffers."""

    count: int


class BigInt(msgspec.Struct, tag="i", array_like=True, frozen=True):
    hexadecimal: str


class Bytes(msgspec.Struct, tag="b", array_like=True, frozen=True):
    size: int


class Atom(msgspec.Struct, tag="w", array_like=True, frozen=True):
    """A small value of the standard library, such as a Fraction or a date; see `atoms`."""

    kind: str
    parts: list[Node]


class Array(msgspec.Struct, tag="a", array_like=True, frozen=True):
    dtype: str
    shape: list[int]


class Scalar(msgspec.Struct, tag="s", array_like=True, frozen=True):
    """A NumPy scalar, its bytes in the buffers."""

    dtype: str


class Tensor(msgspec.Struct, tag="x", array_like=True, frozen=True):
    dtype: str
    shape: list[int]


class Structured(msgspec.Struct, tag="r", array_like=True, frozen=True):
    """An array of a structured dtype: its fields, each as an array whose shape begins with it."""

    shape: list[int]
    names: list[str]
    columns: list[Node]


class Masked(msgspec.Struct, tag="q", array_like=True, frozen=True):
    """A masked array: two arrays of one shape."""

    data: Node
    mask: Node


class Opaque(msgspec.Struct, tag="o", array_like=True, frozen=True):
    """A pickle, its bytes in the buffers. Only ever from the trusted side to a worker."""

    size: int


class Kind(msgspec.Struct, tag="k", array_like=True, frozen=True):
    """A class that lives in the worker, as the worker describes it.

    `bases` are classes of this sort, numbers of those described earlier in this frame, or names.
    `special` are the special methods that its objects have.
    """

    number: int
    name: str
    bases: list[str | int | Kind]
    special: list[str]


class Live(msgspec.Struct, tag="h", array_like=True, frozen=True):
    """An object that stays in the worker, under a number; in frames to the worker `kind` is 0.

    `data` is what an object holds whose class is derived from a text, a number or a tuple, if it is
    plain and small: it never changes, and a hash of it is needed while the frame is read.
    """

    number: int
    kind: int | Kind
    name: str  # of a function
    data: bool | int | float | str | list[bool | int | float | str | None] | None = None


class Class(msgspec.Struct, tag="c", array_like=True, frozen=True):
    """A class itself: one that lives in the worker, or a known one by its name."""

    kind: str | int | Kind


# What a hook says of an object that goes out as it is, though it could go as data.
AS_OBJECT = object()


class Given(msgspec.Struct, tag="g", array_like=True, frozen=True):
    """Something that belongs to the check.

    In frames to the worker, one of the check's functions, say, by its number. In frames from it, an
    argument of the request, by its place, or below 0 such a function, by its number negated.
    """

    place: int


class Sent(msgspec.Struct, tag="v", array_like=True, frozen=True):
    """A leaf of the check's that has been sent as `Traced` before, by its number. Both ways."""

    number: int


class Lasting(msgspec.Struct, tag="z", array_like=True, frozen=True):
    """An object that both sides hold from here on, under a number, with what it holds.

    In frames to the worker: in this frame only, where it stands in several places. Later it is
    `Given`.
    """

    number: int
    value: Node


class Traced(msgspec.Struct, tag="y", array_like=True, frozen=True):
    """A tensor of the other side that gradients flow through, under a number, and its gradient.

    To the worker `kind` is "leaf", "parameter", or "inner" for what depends on leaves there. From
    the worker it is "leaf", "parameter", or "output" for what depends on `leaves`: by their numbers
    those that came from the side that reads this, by numbers below 0 those that it mirrors.
    """

    number: int
    kind: str
    tensor: Tensor
    grad: Tensor | None
    leaves: list[int] = []


# What `encoding` and `decoding` walk, no deeper than MAX_DEPTH.
Node = (
    None | bool | int | float | str
    | List | Tuple | Dict | Mapping | Set | Floats | Ints | BigInt | Bytes | Atom
    | Array | Scalar | Tensor | Structured | Masked | Opaque
    | Live | Class | Given | Sent | Traced | Lasting
)  # fmt: skip
LIVE = (Live, Class, Given, Sent, Traced, Lasting)  # what only a hook can turn into a value


class Frame(msgspec.Struct, array_like=True, frozen=True):
    """One message. `kind` says what the body means; `number` pairs replies with requests."""

    kind: str
    number: int
    body: Node


class Buffers:
    """The buffers of a frame, taken in order.

    No byte twice: a short frame cannot stand for arrays that are large together.
    """

    def __init__(self, buffers: bytearray) -> None:
        self.view = memoryview(buffers)
        self.position = 0

    def take(self, size: int) -> memoryview:
        """The next `size` bytes."""
        padded = size + -size % ALIGNMENT
        if size < 0 or self.position + padded > len(self.view):
            raise Malformed("an array is longer than its contents")
        start = self.position
        self.position += padded
        return self.view[start : start + size]

    @property
    def is_used_up(self) -> bool:
        return self.position == len(self.view)


def append(buffers: list[Any], contents: Any) -> None:
    """Add bytes to the buffers of a frame to send, up to the next multiple of `ALIGNMENT`."""
    buffers.append(contents)
    if padding := -len(contents) % ALIGNMENT:
        buffers.append(bytes(padding))
