"""The codec between the trusted side and a worker: data only, every length bounded.

A frame is a header (two lengths), a msgpack structure, and the raw contents of its arrays
one after the other. Decoding builds plain values of Python, the standard library, NumPy and
torch (see `nodes`, `atoms`, `arrays`), and nothing else. Functions and modules travel as
`Opaque` bytes (cloudpickle), but only to the worker: unpickling runs code, so what comes back
with such bytes is malformed. An object that stays in the worker is represented by a `Live`
node, which is malformed too unless the caller has a hook for it.
"""

from __future__ import annotations

import itertools
import struct
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from gradekit.sandbox.arrays import (
    ARRAY_DTYPES,
    NATIVE,
    TENSOR_DTYPES,
    array,
    array_to_node,
    contents,
    masked,
    scalar_to_node,
    structured,
    tensor,
    tensor_to_node,
)
from gradekit.sandbox.atoms import Member, atom, parts_of
from gradekit.sandbox.limits import BUFFER_BYTES, STRUCTURE_BYTES
from gradekit.sandbox.nodes import (
    LIVE,
    MAX_DIMENSIONS,
    MAX_INT_BITS,
    MAX_ITEMS,
    SMALL_FRAME,
    Array,
    Atom,
    BigInt,
    Buffers,
    Bytes,
    Class,
    Dict,
    Floats,
    Frame,
    Given,
    Ints,
    Kind,
    List,
    Live,
    Malformed,
    Mapping,
    Masked,
    Node,
    NotData,
    Opaque,
    Scalar,
    Sent,
    Set,
    Structured,
    Tensor,
    TooDeep,
    Traced,
    Tuple,
    append,
)

__all__ = [
    "ARRAY_DTYPES",
    "OF_FRAME",
    "SMALL_FRAME",
    "TENSOR_DTYPES",
    "Ahead",
    "Class",
    "Given",
    "Kind",
    "Large",
    "Live",
    "Malformed",
    "Member",
    "NotData",
    "Pieces",
    "Received",
    "Sent",
    "Tensor",
    "TooDeep",
    "Traced",
    "decode",
    "encode",
    "kind_of",
    "receive",
]  # fmt: skip

HEADER = struct.Struct("<II")
MAX_DEPTH = 64  # keeps both sides far from Python's recursion limit
LONG_LIST = 32  # from here on, lists of floats or of ints travel as one buffer
# Keys whose hashes collide make filling a dict or set quadratic: 50,000 would keep us busy for
# minutes. So a large one is filled in parts, and given up when it takes far too long.
FEW_KEYS = 256
FILLING_SECONDS = 0.25  # of CPU time; a million keys of any honest kind take less

Pieces = list[Any]  # a frame to send: bytes-like, in order
Received = tuple[bytearray, bytearray]  # a frame that arrived: its structure, its buffers

# How a pickle begins that belongs together with others of its frame; others begin with b"\x80".
OF_FRAME = b"\0"

AS_THEY_ARE = frozenset({type(None), bool, float})  # what msgpack writes as it is
PLAIN = AS_THEY_ARE | {int, str}
TEXT_OR_NUMBER = (int, float, str, bytes, bytearray)
CONTAINER = (list, tuple, dict, set, frozenset)
SMALLEST, LARGEST = -(2**63), 2**63 - 1  # of the ints among them

TOO_DEEP = "a value that is nested too deeply or contains itself"

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Frame)
# Raw: the body is skipped, not decoded, where only the kind of a frame is asked for.
_begun = msgspec.msgpack.Decoder(tuple[str, int, msgspec.Raw])


class _Writer(NamedTuple):
    """A frame while it is written."""

    buffers: list[Any]
    pickle: Callable[[Any], bytes] | None
    live: Callable[[Any, bool], Node] | None


def encode(
    kind: str,
    number: int,
    value: Any,
    opaque: Callable[[Any], bytes] | None = None,
    live: Callable[[Any, bool], Node] | None = None,
) -> Pieces:
    """Turn a message into the pieces to send, without copying large arrays.

    Args:
        opaque: Gives the pickle of what is no data; only for frames to a worker.
        live: Gives the node of an object that lives on one side, or None where it may travel
            as data. Asked for all but the commonest values; with True, where it is no data.

    Raises:
        NotData: `value` holds something that cannot travel.
    """
    writer = _Writer([], opaque, live)
    try:
        structure = _encoder.encode(Frame(kind, number, _to_node(value, writer, 0)))
    except RecursionError:
        raise TooDeep(TOO_DEEP) from None
    size = sum(map(len, writer.buffers))
    if opaque is None and (len(structure) > STRUCTURE_BYTES or size > BUFFER_BYTES):
        raise NotData(
            f"{_megabytes(len(structure) + size)} of data, where at most "
            f"{_megabytes(BUFFER_BYTES)} in arrays and {_megabytes(STRUCTURE_BYTES)} "
            "in other values may come back"
        )
    pieces = [HEADER.pack(len(structure), size), structure, *writer.buffers]
    # Copying a little is quicker than another system call; copying a lot is not.
    return [b"".join(pieces)] if size < SMALL_FRAME else pieces


def decode(
    structure: bytes | bytearray,
    buffers: bytearray,
    opaque: Callable[[bytes], Any] | None = None,
    live: Callable[[Any], Any] | None = None,
    *,
    plain: bool = False,
) -> tuple[str, int, Any]:
    """Return the kind, number and value of a frame.

    Args:
        opaque: Loads a pickle; only in a worker.
        live: Gives the value of a node of `nodes.LIVE`; a `Traced` comes in a tuple with its
            tensor and its gradient.
        plain: Refuse masked arrays, since a comparison ignores their masked entries.

    Raises:
        Malformed: anything about the bytes is not as `encode` makes them.
    """
    try:
        frame = _decoder.decode(structure)
        reader = _Reader(buffers, opaque, live, plain)
        value = _from_node(frame.body, reader, 0)
    except (msgspec.DecodeError, RuntimeError, ValueError, TypeError, OverflowError) as error:
        # TypeError: an unhashable key. ValueError also covers bytes that are no UTF-8, and
        # RuntimeError recursion and whatever torch does not like about a shape.
        raise Malformed(f"{type(error).__name__}: {error}") from None
    # Bytes that nothing refers to would be kept with the frame's arrays, which are views of it.
    if not reader.is_used_up:
        raise Malformed("bytes are left over")
    return frame.kind, frame.number, value


def kind_of(frame: Received) -> str:
    """The kind of a frame that has arrived, of which no more is read.

    Raises:
        Malformed: it is none.
    """
    try:
        return _begun.decode(frame[0])[0]
    except msgspec.DecodeError as error:
        raise Malformed(str(error)) from None


class Large(bytearray):
    """What arrived of a large frame. It can be noticed when nothing is left that looks into it."""

    __slots__ = ("__weakref__",)


class Ahead:
    """Reads more than it is asked for, so that small frames take one system call together."""

    def __init__(self, read: Callable[[memoryview], int]) -> None:
        """`read` puts some bytes into a view, one at least, and says how many."""
        self._read = read
        self._buffer = memoryview(bytearray(SMALL_FRAME))
        self._start = self._end = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing was read beyond what was asked for."""
        return self._start == self._end

    def take(self, size: int) -> bytearray:
        """The next `size` bytes."""
        end = self._start + size
        if end <= self._end:  # the usual case
            taken = bytearray(self._buffer[self._start : end])
            self._start = end
            return taken
        taken = Large(size)
        self._fill(memoryview(taken))
        return taken

    def _fill(self, view: memoryview) -> None:
        while view:
            if self._start == self._end:
                if len(view) >= len(self._buffer):
                    view = view[self._read(view) :]
                    continue
                self._start, self._end = 0, self._read(self._buffer)
            count = min(len(view), self._end - self._start)
            view[:count] = self._buffer[self._start : self._start + count]
            self._start += count
            view = view[count:]


def receive(ahead: Ahead, *, bounded: bool) -> Received:
    """Read one frame: its structure and its buffers.

    Raises:
        Malformed: the frame announces more than a submission's answer may weigh.
    """
    structure_size, buffer_size = HEADER.unpack(ahead.take(HEADER.size))
    if bounded and (structure_size > STRUCTURE_BYTES or buffer_size > BUFFER_BYTES):
        raise Malformed("the frame is larger than an answer may be")
    return ahead.take(structure_size), ahead.take(buffer_size)


class _Reader(Buffers):
    """A frame while it is read."""

    def __init__(
        self,
        buffers: bytearray,
        opaque: Callable[[bytes], Any] | None,
        live: Callable[[Any], Any] | None,
        plain: bool,
    ) -> None:
        super().__init__(buffers)
        self.opaque, self.live, self.plain = opaque, live, plain


def _to_node(value: Any, writer: _Writer, depth: int) -> Node:
    """The structure that stands for `value`; array contents go to the writer's buffers."""
    # Every value of every message passes here, so the commonest kinds come first. Exact types, not
    # isinstance: a subclass may override methods, and goes the slower way that copies it plain.
    kind: type = type(value)
    if kind in AS_THEY_ARE or (kind is int and SMALLEST <= value <= LARGEST):
        return value  # type: ignore[no-any-return]
    if kind is str and len(value) < SMALL_FRAME and value.isascii():
        return value  # type: ignore[no-any-return]
    if depth > MAX_DEPTH:
        raise TooDeep(TOO_DEEP)
    if kind is np.ndarray and (dtype := NATIVE.get(value.dtype)) and value.ndim <= MAX_DIMENSIONS:
        append(writer.buffers, contents(value))
        return Array(dtype, [*value.shape])
    if kind is tuple and len(value) <= MAX_ITEMS:
        return Tuple([_to_node(item, writer, depth + 1) for item in value])
    if kind is list and len(value) < LONG_LIST:
        return List([_to_node(item, writer, depth + 1) for item in value])
    # An empty one is a call without keywords. Others are for a hook to look at, if there is one.
    if kind is dict and (not value or (writer.live is None and len(value) < LONG_LIST)):
        return _dict_to_node(value, writer, depth)
    return _uncommon_to_node(value, writer, depth)


def _uncommon_to_node(value: Any, writer: _Writer, depth: int) -> Node:
    """As `_to_node`, for whatever is not among the commonest kinds."""
    live = writer.live
    if live is None:
        return _data_to_node(value, writer, depth)
    if (node := live(value, False)) is not None:
        return _with_tensors(node, value, writer) if type(node) is Traced else node
    mark = len(writer.buffers)
    try:
        return _data_to_node(value, writer, depth)
    except TooDeep:  # a value that contains itself would be a different one cut anywhere
        raise
    except NotData:
        # Buffers are read in order: those of the half-written value would go to later arrays.
        del writer.buffers[mark:]
        if (node := live(value, True)) is None:
            raise
        return node


def _with_tensors(node: Traced, value: Any, writer: _Writer) -> Traced:
    """A hook's node of a tensor, with the tensor's contents; its `grad` is a tensor as yet."""
    torch = sys.modules["torch"]
    told = tensor_to_node(torch, value, writer.buffers)
    grad = None if node.grad is None else tensor_to_node(torch, node.grad, writer.buffers)
    return Traced(node.number, node.kind, told, grad, node.leaves)


def _data_to_node(value: Any, writer: _Writer, depth: int) -> Node:
    """The node of data, or of a pickle where those may travel."""
    if isinstance(value, np.generic):
        return scalar_to_node(value, writer.buffers)
    if isinstance(value, TEXT_OR_NUMBER):
        return _text_or_number_to_node(value, writer)
    if isinstance(value, np.ndarray):
        return array_to_node(value, writer.buffers)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return tensor_to_node(torch, value, writer.buffers)
    if isinstance(value, CONTAINER):
        return _container_to_node(value, writer, depth)
    return _atom_to_node(value, writer, depth)


# Whatever else is like one of those values is a class of its own, which goes out as it is.
ATOM_MODULES = frozenset({"builtins", "fractions", "decimal", "datetime"})


def _atom_to_node(value: Any, writer: _Writer, depth: int) -> Node:
    if writer.pickle is None or type(value).__module__ in ATOM_MODULES:
        try:
            told = parts_of(value)
        except NotData:
            if writer.pickle is None:
                raise
            told = None
        if told is not None:
            kind, parts = told
            return Atom(kind, [_to_node(part, writer, depth + 1) for part in parts])
    if writer.pickle is None:
        raise NotData(f"a `{type(value).__name__}` object")
    pickled = writer.pickle(value)
    append(writer.buffers, pickled)
    return Opaque(len(pickled))


def _text_or_number_to_node(value: Any, writer: _Writer) -> Node:
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        number = int(value)
        if SMALLEST <= number <= LARGEST:
            return number
        if number.bit_length() > MAX_INT_BITS:
            raise NotData(f"an int of {number.bit_length()} bits")
        return BigInt(hex(number))  # decimal digits take quadratic time, and Python limits them
    if isinstance(value, str):
        if writer.pickle is None and len(value) > STRUCTURE_BYTES:  # msgspec crashes
            raise NotData(f"{_megabytes(len(value))} of text")
        # A lone surrogate has no UTF-8 form; msgspec would refuse the whole reply for it.
        return str(value).encode("utf-8", "replace").decode()
    if writer.pickle is None and len(value) > STRUCTURE_BYTES:
        raise NotData(f"{_megabytes(len(value))} of bytes")
    append(writer.buffers, bytes(value))
    return Bytes(len(value))


def _container_to_node(value: Any, writer: _Writer, depth: int) -> Node:
    if len(value) > MAX_ITEMS:
        raise NotData(f"a `{type(value).__name__}` of {len(value):,} items")
    if isinstance(value, tuple):
        return Tuple([_to_node(item, writer, depth + 1) for item in value])
    if isinstance(value, list):
        return _list_to_node(value, writer, depth)
    if isinstance(value, dict):
        if len(value) >= LONG_LIST:
            keys = _list_to_node([*value], writer, depth + 1)
            return Mapping(keys, _list_to_node([*value.values()], writer, depth + 1))
        return _dict_to_node(value, writer, depth)
    items = _list_to_node([*value], writer, depth + 1)
    return Set(isinstance(value, frozenset), items)


def _dict_to_node(value: dict[Any, Any], writer: _Writer, depth: int) -> Dict:
    """A short dict."""
    keys = [_to_node(key, writer, depth + 1) for key in value]
    return Dict(keys, [_to_node(item, writer, depth + 1) for item in value.values()])


def _list_to_node(value: Sequence[Any], writer: _Writer, depth: int) -> Node:
    """A list; where it is long and of one kind of number, as a buffer."""
    if len(value) >= LONG_LIST:
        if all(type(item) is float for item in value):
            append(writer.buffers, np.array(value, dtype=np.float64).tobytes())
            return Floats(len(value))
        if all(type(item) is int and SMALLEST <= item <= LARGEST for item in value):
            append(writer.buffers, np.array(value, dtype=np.int64).tobytes())
            return Ints(len(value))
    return List([_to_node(item, writer, depth + 1) for item in value])


def _from_node(node: Node, reader: _Reader, depth: int) -> Any:
    """The value that `node` stands for; takes its arrays from `reader` in order."""
    # Exact types, as msgspec makes them: quicker than isinstance, and each value passes here.
    if type(node) in PLAIN:
        return node
    if type(node) is Array:
        return array(node.dtype, node.shape, reader)
    if type(node) is Tensor:
        return tensor(node.dtype, node.shape, reader)
    if depth > MAX_DEPTH:
        raise Malformed("nested too deeply")
    if type(node) is List:
        return _each_from_node(node.items, reader, depth)
    if type(node) is Tuple:
        return tuple(_each_from_node(node.items, reader, depth))
    if type(node) is Dict:
        if len(node.keys) != len(node.values):
            raise Malformed("a dict with more keys than values")
        if not node.keys:  # of a call without keywords
            return {}
        keys = _each_from_node(node.keys, reader, depth)
        items = _each_from_node(node.values, reader, depth)
        return _filled({}, zip(keys, items, strict=True), len(keys))
    return _from_uncommon(node, reader, depth)


def _each_from_node(nodes: list[Node], reader: _Reader, depth: int) -> list[Any]:
    # Most items are plain: to call nothing for those takes half of the time.
    return [node if type(node) in PLAIN else _from_node(node, reader, depth + 1) for node in nodes]


def _from_uncommon(node: Node, reader: _Reader, depth: int) -> Any:  # noqa: C901  # a table
    """As `_from_node`, for what is rarer."""
    if isinstance(node, Scalar):
        return array(node.dtype, [], reader)[()]
    if isinstance(node, Floats):
        reader.count(node.count)
        return array("float64", [node.count], reader).tolist()
    if isinstance(node, Ints):
        reader.count(node.count)
        return array("int64", [node.count], reader).tolist()
    if isinstance(node, BigInt):
        if len(node.hexadecimal) > MAX_INT_BITS // 4 + 3:
            raise Malformed("an int is too long")
        return int(node.hexadecimal, 16)
    if isinstance(node, Bytes):
        if reader.opaque is None and node.size > STRUCTURE_BYTES:
            raise Malformed("bytes are too long")
        return bytes(reader.take(node.size))
    if isinstance(node, Mapping):
        keys, items = (_list_in(each, reader, depth) for each in (node.keys, node.values))
        return _filled({}, zip(keys, items, strict=True), len(keys))
    if isinstance(node, Set):
        items = _list_in(node.items, reader, depth)
        made: set[Any] = _filled(set(), items, len(items))
        return frozenset(made) if node.frozen else made
    if isinstance(node, Atom):
        return atom(node.kind, [_from_node(part, reader, depth + 1) for part in node.parts])
    if isinstance(node, Structured):
        return structured(node, lambda column: _from_node(column, reader, depth + 1))
    if isinstance(node, Masked):
        if reader.plain:
            raise Malformed("an array with masked entries")
        return masked(node, lambda part: _from_node(part, reader, depth + 1))
    if isinstance(node, LIVE) and reader.live is not None:
        if not isinstance(node, Traced):
            return reader.live(node)
        parts = [None if part is None else tensor(part.dtype, part.shape, reader)
                 for part in (node.tensor, node.grad)]  # fmt: skip
        return reader.live((node, *parts))
    if reader.opaque is None or not isinstance(node, Opaque):
        raise Malformed("only data may come back")
    return reader.opaque(bytes(reader.take(node.size)))


def _list_in(node: Node, reader: _Reader, depth: int) -> list[Any]:
    if not isinstance(node, List | Floats | Ints):
        raise Malformed("a container without its items")
    value: list[Any] = _from_node(node, reader, depth + 1)
    return value


def _filled(container: Any, items: Iterable[Any], count: int) -> Any:
    """`container`, a dict or set, with all `items` in it.

    Raises:
        Malformed: they take so long that their hashes must collide.
    """
    if count <= FEW_KEYS:
        container.update(items)
        return container
    until = time.thread_time() + FILLING_SECONDS
    items = iter(items)
    while some := [*itertools.islice(items, FEW_KEYS)]:
        container.update(some)
        if time.thread_time() > until:
            raise Malformed("keys whose hashes collide")
    return container


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB" if size >= 2**20 else f"{size / 2**10:,.0f} KiB"
