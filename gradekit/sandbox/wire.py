"""The codec between the trusted side and a worker: data only, every length bounded.

A frame is a header (two lengths), a msgpack structure, and the raw contents of its arrays
one after the other. Decoding builds None, bool, int, float, str, bytes, list, tuple, dict,
NumPy arrays and torch tensors, and nothing else. On the way out only, functions and
modules ride along as `Opaque` bytes (cloudpickle); on the way back they are malformed.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from gradekit.sandbox.limits import BUFFER_BYTES, STRUCTURE_BYTES

HEADER = struct.Struct("<II")
ALIGNMENT = 16
MAX_DIMENSIONS = 8  # more, of size 4 each, and merely printing the array takes minutes
MAX_INT_BITS = 2**13  # Python refuses to print longer ones than 4300 digits
MAX_DEPTH = 64
SMALL_FRAME = 2**16
LONG_LIST = 32  # from here on, lists of floats travel as one buffer
MAX_ITEMS = 2**20  # of all long lists: as Python objects, floats weigh four times as much
# A dict with more keys has only keys whose hashes are salted, so that nobody can make them
# collide. Collisions make filling a dict quadratic: 50,000 would keep us busy for minutes.
FEW_KEYS = 256

# Names of numeric dtypes that mean the same bytes to NumPy and torch.
ARRAY_DTYPES = frozenset(
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 "
    "float16 float32 float64 complex64 complex128".split()
)
TENSOR_DTYPES = ARRAY_DTYPES | {"bfloat16"}
NATIVE = {np.dtype(name): name for name in ARRAY_DTYPES}
ITEM_BYTES = {name: dtype.itemsize for dtype, name in NATIVE.items()}

Pieces = list[Any]  # a frame to send: bytes-like, in order
Received = tuple[bytearray, bytearray]  # a frame that arrived: its structure, its buffers

AS_THEY_ARE = frozenset({type(None), bool, float})  # what msgpack writes without more ado
PLAIN = AS_THEY_ARE | {int, str}
SMALLEST, LARGEST = -(2**63), 2**63 - 1  # of the ints among them


class Malformed(Exception):
    """The frame is not data that this codec allows. The sender is to blame."""


class NotData(Exception):
    """A value that cannot travel: its message says what it is."""


class List(msgspec.Struct, tag="l", array_like=True, frozen=True):
    items: list[Node]


class Tuple(msgspec.Struct, tag="t", array_like=True, frozen=True):
    items: list[Node]


class Dict(msgspec.Struct, tag="d", array_like=True, frozen=True):
    keys: list[Node]
    values: list[Node]


class Floats(msgspec.Struct, tag="f", array_like=True, frozen=True):
    """A long list of floats, its contents in the buffers."""

    count: int


class BigInt(msgspec.Struct, tag="i", array_like=True, frozen=True):
    hexadecimal: str


class Bytes(msgspec.Struct, tag="b", array_like=True, frozen=True):
    size: int


class Array(msgspec.Struct, tag="a", array_like=True, frozen=True):
    dtype: str
    shape: list[int]


class Scalar(msgspec.Struct, tag="s", array_like=True, frozen=True):
    """A NumPy scalar, its bytes in the buffers."""

    dtype: str


class Tensor(msgspec.Struct, tag="x", array_like=True, frozen=True):
    dtype: str
    shape: list[int]


class Opaque(msgspec.Struct, tag="o", array_like=True, frozen=True):
    """A pickle, its bytes in the buffers. Only ever from the trusted side to a worker."""

    size: int


# `_from_node` walks these; the bound on depth keeps it far from Python's recursion limit.
Node = (
    None | bool | int | float | str
    | List | Tuple | Dict | Floats | BigInt | Bytes | Array | Scalar | Tensor | Opaque
)  # fmt: skip


class Frame(msgspec.Struct, array_like=True, frozen=True):
    """One message. `kind` says what the body means; `number` pairs replies with requests."""

    kind: str
    number: int
    body: Node


TOO_DEEP = "a value that is nested too deeply or contains itself"

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Frame)


def encode(
    kind: str, number: int, value: Any, opaque: Callable[[Any], bytes] | None = None
) -> Pieces:
    """Turn a message into the pieces to send, without copying large arrays.

    Raises:
        NotData: `value` holds something that cannot travel, and `opaque` was not given.
    """
    buffers: list[Any] = []
    try:
        structure = _encoder.encode(Frame(kind, number, _to_node(value, buffers, opaque, 0)))
    except RecursionError:
        raise NotData(TOO_DEEP) from None
    size = sum(map(len, buffers))
    if opaque is None and (len(structure) > STRUCTURE_BYTES or size > BUFFER_BYTES):
        raise NotData(
            f"{_megabytes(len(structure) + size)} of data, where at most "
            f"{_megabytes(BUFFER_BYTES)} in arrays and {_megabytes(STRUCTURE_BYTES)} "
            "in other values may come back"
        )
    pieces = [HEADER.pack(len(structure), size), structure, *buffers]
    # Copying a little is quicker than another system call; copying a lot is not.
    return [b"".join(pieces)] if size < SMALL_FRAME else pieces


def decode(
    structure: bytes | bytearray, buffers: bytearray, opaque: Callable[[bytes], Any] | None = None
) -> tuple[str, int, Any]:
    """Return the kind, number and value of a frame.

    Raises:
        Malformed: anything about the bytes is not as `encode` makes them.
    """
    try:
        frame = _decoder.decode(structure)
        reader = _Reader(buffers)
        value = _from_node(frame.body, reader, opaque, 0)
    except (msgspec.DecodeError, RuntimeError, ValueError, TypeError, OverflowError) as error:
        # TypeError: an unhashable key. ValueError also covers bytes that are no UTF-8, and
        # RuntimeError recursion and whatever torch does not like about a shape.
        raise Malformed(f"{type(error).__name__}: {error}") from None
    if reader.position != len(buffers):
        raise Malformed("bytes are left over")
    return frame.kind, frame.number, value


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
        taken = bytearray(size)
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


class _Reader:
    """Hands out the buffers in order, and no byte twice."""

    def __init__(self, buffers: bytearray) -> None:
        self.view = memoryview(buffers)
        self.position = 0
        self.items = 0  # of all long lists so far

    def take(self, size: int) -> memoryview:
        padded = size + -size % ALIGNMENT
        if size < 0 or self.position + padded > len(self.view):
            raise Malformed("an array is longer than its contents")
        start = self.position
        self.position += padded
        return self.view[start : start + size]


def _to_node(
    value: Any, buffers: list[Any], opaque: Callable[[Any], bytes] | None, depth: int
) -> Node:
    """The structure that stands for `value`; array contents go to `buffers`."""
    kind: type = type(value)
    if kind in AS_THEY_ARE or (kind is int and SMALLEST <= value <= LARGEST):
        return value  # type: ignore[no-any-return]
    if kind is str and len(value) < SMALL_FRAME and value.isascii():
        return value  # type: ignore[no-any-return]
    if depth > MAX_DEPTH:
        raise NotData(TOO_DEEP)
    if kind is np.ndarray and (dtype := NATIVE.get(value.dtype)) and value.ndim <= MAX_DIMENSIONS:
        _append(buffers, _contents(value))
        return Array(dtype, [*value.shape])
    if kind is tuple and len(value) <= MAX_ITEMS:
        return Tuple([_to_node(item, buffers, opaque, depth + 1) for item in value])
    if kind is list and len(value) < LONG_LIST:
        return List([_to_node(item, buffers, opaque, depth + 1) for item in value])
    if kind is dict and not value:  # a call without keywords
        return Dict([], [])
    return _uncommon_to_node(value, buffers, opaque, depth)


def _uncommon_to_node(  # noqa: C901  # a table of kinds, one branch each
    value: Any, buffers: list[Any], opaque: Callable[[Any], bytes] | None, depth: int
) -> Node:
    """As `_to_node`, for whatever is not among the commonest kinds."""
    if isinstance(value, np.generic):
        array = np.asarray(value)
        dtype = _dtype_name(array)
        _append(buffers, array.astype(dtype, copy=False).tobytes())
        return Scalar(dtype)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        number = int(value)
        if SMALLEST <= number <= LARGEST:
            return number
        if number.bit_length() > MAX_INT_BITS:
            raise NotData(f"an int of {number.bit_length()} bits")
        return BigInt(hex(number))
    if isinstance(value, str):
        if opaque is None and len(value) > STRUCTURE_BYTES:  # msgspec crashes without memory
            raise NotData(f"{_megabytes(len(value))} of text")
        return str(value).encode("utf-8", "replace").decode()
    if isinstance(value, bytes | bytearray):
        if opaque is None and len(value) > STRUCTURE_BYTES:
            raise NotData(f"{_megabytes(len(value))} of bytes")
        _append(buffers, bytes(value))
        return Bytes(len(value))
    if isinstance(value, np.ndarray):
        dtype = _dtype_name(value)
        _check_dimensions(value.ndim)
        _append(buffers, _contents(np.asarray(value, dtype=dtype)))
        return Array(dtype, list(value.shape))
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _tensor_to_node(torch, value, buffers)
    if isinstance(value, list | tuple | dict) and len(value) > MAX_ITEMS:
        raise NotData(f"a `{type(value).__name__}` of {len(value):,} items")
    if isinstance(value, list):
        if len(value) >= LONG_LIST and all(type(item) is float for item in value):
            _append(buffers, np.array(value, dtype=np.float64).tobytes())
            return Floats(len(value))
        return List([_to_node(item, buffers, opaque, depth + 1) for item in value])
    if isinstance(value, tuple):
        return Tuple([_to_node(item, buffers, opaque, depth + 1) for item in value])
    if isinstance(value, dict):
        keys = [_to_node(key, buffers, opaque, depth + 1) for key in value]
        if len(keys) > FEW_KEYS and not all(map(_has_salted_hash, keys)):
            raise NotData(f"a dict of {len(keys):,} keys that are not all strings")
        items = [_to_node(item, buffers, opaque, depth + 1) for item in value.values()]
        return Dict(keys, items)
    if opaque is None:
        raise NotData(f"a `{type(value).__name__}` object")
    pickled = opaque(value)
    _append(buffers, pickled)
    return Opaque(len(pickled))


def _tensor_to_node(torch: Any, value: Any, buffers: list[Any]) -> Tensor:
    dtype = str(value.dtype).removeprefix("torch.")
    if dtype not in TENSOR_DTYPES or value.layout is not torch.strided or value.is_meta:
        raise NotData(f"a tensor of {value.layout} layout and dtype {value.dtype}")
    _check_dimensions(value.ndim)
    plain = value.detach()
    if type(plain) is not torch.Tensor:
        plain = plain.as_subclass(torch.Tensor)
    if dtype == "bfloat16":  # NumPy has none: as the bytes that they are
        plain = plain.contiguous().reshape(-1).view(torch.uint8)
    # force: also where a view is conjugated or negated only when it is looked at.
    _append(buffers, _contents(plain.numpy(force=True)))
    return Tensor(dtype, list(value.shape))


def _from_node(  # noqa: C901  # a table of kinds, one branch each
    node: Node, reader: _Reader, opaque: Callable[[bytes], Any] | None, depth: int
) -> Any:
    """The value that `node` stands for; takes its arrays from `reader` in order."""
    if type(node) in PLAIN:
        return node
    if isinstance(node, Array):
        return _array(node.dtype, node.shape, reader)
    if isinstance(node, Tensor):
        return _tensor(node.dtype, node.shape, reader)
    if depth > MAX_DEPTH:
        raise Malformed("nested too deeply")
    if isinstance(node, List):
        return [_from_node(item, reader, opaque, depth + 1) for item in node.items]
    if isinstance(node, Tuple):
        return tuple([_from_node(item, reader, opaque, depth + 1) for item in node.items])
    if isinstance(node, Dict):
        if len(node.keys) != len(node.values):
            raise Malformed("a dict with more keys than values")
        if len(node.keys) > FEW_KEYS and not all(map(_has_salted_hash, node.keys)):
            raise Malformed("a large dict with keys that are not strings")
        keys = [_from_node(key, reader, opaque, depth + 1) for key in node.keys]
        items = [_from_node(item, reader, opaque, depth + 1) for item in node.values]
        return dict(zip(keys, items, strict=True))
    if isinstance(node, Scalar):
        return _array(node.dtype, [], reader)[()]
    if isinstance(node, Floats):
        reader.items += node.count
        if reader.items > MAX_ITEMS:
            raise Malformed("lists are too long")
        return _array("float64", [node.count], reader).tolist()
    if isinstance(node, BigInt):
        if len(node.hexadecimal) > MAX_INT_BITS // 4 + 3:
            raise Malformed("an int is too long")
        return int(node.hexadecimal, 16)
    if isinstance(node, Bytes):
        if opaque is None and node.size > STRUCTURE_BYTES:
            raise Malformed("bytes are too long")
        return bytes(reader.take(node.size))
    if opaque is None or not isinstance(node, Opaque):
        raise Malformed("only data may come back")
    return opaque(bytes(reader.take(node.size)))


def _array(dtype: str, shape: list[int], reader: _Reader) -> np.ndarray:
    if dtype not in ARRAY_DTYPES:
        raise Malformed("not a numeric dtype")
    contents = reader.take(_count(shape) * ITEM_BYTES[dtype])
    _check_bools(dtype, contents)
    return np.frombuffer(contents, dtype=dtype).reshape(shape)


def _tensor(dtype: str, shape: list[int], reader: _Reader) -> Any:
    import torch

    if dtype not in TENSOR_DTYPES:
        raise Malformed("not a numeric dtype")
    torch_dtype = getattr(torch, dtype)
    count = _count(shape)
    if count == 0:
        return torch.empty(shape, dtype=torch_dtype)
    contents = reader.take(count * torch_dtype.itemsize)
    _check_bools(dtype, contents)
    if dtype == "bfloat16":
        return torch.frombuffer(contents, dtype=torch_dtype).reshape(shape)
    return torch.from_numpy(np.frombuffer(contents, dtype=dtype).reshape(shape))


def _count(shape: list[int]) -> int:
    """The number of entries of an array of that shape, which is bounded even if it has none."""
    count = extent = 1
    for size in shape if len(shape) <= MAX_DIMENSIONS else [-1]:
        if not 0 <= size <= BUFFER_BYTES:
            raise Malformed("a shape out of bounds")
        count *= size
        extent *= size or 1
    if extent > BUFFER_BYTES:
        raise Malformed("a shape out of bounds")
    return count


def _check_bools(dtype: str, contents: memoryview) -> None:
    """Refuse a bool that is neither 0 nor 1: a single True of 200 would add up to 200."""
    if dtype == "bool" and len(contents) and np.frombuffer(contents, np.uint8).max() > 1:
        raise Malformed("a bool that is neither true nor false")


def _check_dimensions(number: int) -> None:
    if number > MAX_DIMENSIONS:
        raise NotData(f"an array of {number} dimensions")


def _has_salted_hash(node: Node) -> bool:
    return isinstance(node, str | Bytes)


def _dtype_name(array: np.ndarray) -> str:
    name = array.dtype.newbyteorder("=").name
    if name not in ARRAY_DTYPES:
        raise NotData(f"an array of dtype {array.dtype}")
    return name


def _contents(array: np.ndarray) -> bytes | memoryview:
    """The bytes of an array in C order; a large one is not copied if it lies so already."""
    if array.nbytes < SMALL_FRAME:
        return array.tobytes()
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _append(buffers: list[Any], contents: Any) -> None:
    buffers.append(contents)
    if padding := -len(contents) % ALIGNMENT:
        buffers.append(bytes(padding))


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB" if size >= 2**20 else f"{size / 2**10:,.0f} KiB"
