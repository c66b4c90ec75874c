"""Nodes as values: what `wire` reads from a frame. It can make data only, every length bounded."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable
from typing import Any

from gradekit.sandbox import frames, named, sparse
from gradekit.sandbox.arrays import array, masked, structured, tensor, unmasked
from gradekit.sandbox.atoms import atom
from gradekit.sandbox.limits import STRUCTURE_BYTES
from gradekit.sandbox.nodes import (
    LIVE,
    MAX_DEPTH,
    MAX_INT_BITS,
    Array,
    Atom,
    BigInt,
    Buffers,
    Bytes,
    Dict,
    Floats,
    Ints,
    Lasting,
    List,
    Malformed,
    Mapping,
    Masked,
    Node,
    Opaque,
    Scalar,
    Set,
    Structured,
    Tensor,
    Traced,
    Tuple,
)

PLAIN = frozenset({type(None), bool, int, float, str})  # what msgpack has read already
# How an Atom is made that travels where there are handles.
MAKERS = {**frames.MAKERS, named.ATOM: named.made_of, sparse.ATOM: sparse.made_of}
# Keys whose hashes collide make filling a dict or set quadratic: 50,000 would keep us busy for
# minutes. So a large one is filled in parts, and given up when it takes far too long.
FEW_KEYS = 256
FILLING_SECONDS = 0.25  # of CPU time, for each million keys; of any honest kind they take less


class Reader(Buffers):
    """A frame while it is read: its buffers, and what `wire.decode` was given to read them with."""

    def __init__(
        self,
        buffers: bytearray,
        opaque: Callable[[bytes], Any] | None,
        live: Callable[[Any], Any] | None,
        plain: bool,
        fills: bool = False,
    ) -> None:
        super().__init__(buffers)
        self.opaque, self.live, self.plain, self.fills = opaque, live, plain, fills


def from_node(node: Node, reader: Reader, depth: int) -> Any:
    """The value that `node` stands for; takes its arrays from `reader` in order.

    Raises:
        Malformed: it stands for none; so do RuntimeError, ValueError, TypeError and OverflowError.
    """
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


def _each_from_node(nodes: list[Node], reader: Reader, depth: int) -> list[Any]:
    # Most items are plain: to call nothing for those takes half of the time.
    return [node if type(node) in PLAIN else from_node(node, reader, depth + 1) for node in nodes]


def _from_uncommon(node: Node, reader: Reader, depth: int) -> Any:  # noqa: C901  # a table
    """As `from_node`, for what is rarer."""
    if isinstance(node, Scalar):
        return array(node.dtype, [], reader)[()]
    if isinstance(node, Floats):
        return array("float64", [node.count], reader).tolist()
    if isinstance(node, Ints):
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
        if (make := MAKERS.get(node.kind)) is not None and reader.live is not None:
            return make([from_node(part, reader, depth + 1) for part in node.parts])
        return atom(node.kind, [from_node(part, reader, depth + 1) for part in node.parts])
    if isinstance(node, Structured):
        return structured(node, lambda column: from_node(column, reader, depth + 1))
    if isinstance(node, Masked):
        if reader.plain and not reader.fills:
            raise Malformed("an array with masked entries")
        value = masked(node, lambda part: from_node(part, reader, depth + 1))
        return unmasked(value) if reader.plain else value
    if isinstance(node, LIVE) and reader.live is not None:
        if isinstance(node, Lasting):
            return reader.live((node, from_node(node.value, reader, depth + 1)))
        if not isinstance(node, Traced):
            return reader.live(node)
        parts = [None if part is None else tensor(part.dtype, part.shape, reader)
                 for part in (node.tensor, node.grad)]  # fmt: skip
        return reader.live((node, *parts))
    if reader.opaque is None or not isinstance(node, Opaque):
        raise Malformed("only data may come back")
    return reader.opaque(bytes(reader.take(node.size)))


def _list_in(node: Node, reader: Reader, depth: int) -> list[Any]:
    if not isinstance(node, List | Floats | Ints):
        raise Malformed("a container without its items")
    value: list[Any] = from_node(node, reader, depth + 1)
    return value


def _filled(container: Any, items: Iterable[Any], count: int) -> Any:
    """`container`, a dict or set, with all `items` in it.

    Raises:
        Malformed: they take so long that their hashes must collide.
    """
    if count <= FEW_KEYS:
        container.update(items)
        return container
    until = time.thread_time() + FILLING_SECONDS * max(count / 2**20, 1)
    items = iter(items)
    while some := [*itertools.islice(items, FEW_KEYS)]:
        container.update(some)
        if time.thread_time() > until:
            raise Malformed("keys whose hashes collide")
    return container
