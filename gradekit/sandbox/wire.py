"""The codec between the trusted side and a worker: data only, every length bounded.

A frame is a header (two lengths), a msgpack structure, and the raw contents of its arrays
one after the other. Decoding builds plain values of Python, the standard library, NumPy and
torch (see `decoding`, `atoms`, `arrays`), and nothing else. Functions and modules travel as
`Opaque` bytes (cloudpickle), but only to the worker: unpickling runs code, so what comes back
with such bytes is malformed. An object that stays in the worker is represented by a `Live`
node, which is malformed too unless the caller has a hook for it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import msgspec

from gradekit.sandbox.arrays import ARRAY_DTYPES, TENSOR_DTYPES
from gradekit.sandbox.atoms import Member
from gradekit.sandbox.decoding import Reader, from_node
from gradekit.sandbox.encoding import Writer, megabytes, to_node
from gradekit.sandbox.limits import BUFFER_BYTES, STRUCTURE_BYTES
from gradekit.sandbox.nodes import (
    AS_OBJECT,
    MAX_DEPTH,
    SMALL_FRAME,
    Class,
    Frame,
    Given,
    Kind,
    Lasting,
    Live,
    Malformed,
    Node,
    NotData,
    Sent,
    Tensor,
    TooDeep,
    Traced,
)

__all__ = [
    "ARRAY_DTYPES",
    "AS_OBJECT",
    "FIRST_BYTES",
    "MAX_DEPTH",
    "OF_FRAME",
    "SMALL_FRAME",
    "TENSOR_DTYPES",
    "Ahead",
    "Class",
    "Given",
    "Kind",
    "Large",
    "Lasting",
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

Pieces = list[Any]  # a frame to send: bytes-like, in order
Received = tuple[bytearray, bytearray]  # a frame that arrived: its structure, its buffers

# How a pickle begins that belongs together with others of its frame; others begin with b"\x80".
OF_FRAME = b"\0"
FIRST_BYTES = 4  # after it: from which number on the modules in it are numbered

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Frame)
# Raw: the body is skipped, not decoded, where only the kind of a frame is asked for.
_begun = msgspec.msgpack.Decoder(tuple[str, int, msgspec.Raw])


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
    writer = Writer([], opaque, live)
    try:
        structure = _encoder.encode(Frame(kind, number, to_node(value, writer, 0)))
    except RecursionError:
        raise TooDeep from None
    size = sum(map(len, writer.buffers))
    if opaque is None and (len(structure) > STRUCTURE_BYTES or size > BUFFER_BYTES):
        raise NotData(
            f"{megabytes(len(structure) + size)} of data, where at most "
            f"{megabytes(BUFFER_BYTES)} in arrays and {megabytes(STRUCTURE_BYTES)} "
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
    fills: bool = False,
) -> tuple[str, int, Any]:
    """Return the kind, number and value of a frame.

    Args:
        opaque: Loads a pickle; only in a worker.
        live: Gives the value of a node of `nodes.LIVE`; a `Traced` comes in a tuple with its
            tensor and its gradient, a `Lasting` with what it holds.
        plain: Refuse masked arrays, since a comparison ignores their masked entries.
        fills: Give plain arrays for these, with NaN for such an entry.

    Raises:
        Malformed: anything about the bytes is not as `encode` makes them.
    """
    try:
        frame = _decoder.decode(structure)
        reader = Reader(buffers, opaque, live, plain, fills)
        value = from_node(frame.body, reader, 0)
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
