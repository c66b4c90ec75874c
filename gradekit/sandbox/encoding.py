"""Values as nodes: what `wire` writes into a frame."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradekit.sandbox import frames, named, sparse
from gradekit.sandbox.arrays import (
    NATIVE,
    array_to_node,
    contents,
    scalar_to_node,
    tensor_to_node,
)
from gradekit.sandbox.atoms import parts_of
from gradekit.sandbox.limits import STRUCTURE_BYTES
from gradekit.sandbox.nodes import (
    AS_OBJECT,
    MAX_DEPTH,
    MAX_DIMENSIONS,
    MAX_INT_BITS,
    SMALL_FRAME,
    Array,
    Atom,
    BigInt,
    Bytes,
    Dict,
    Floats,
    Ints,
    Lasting,
    List,
    Mapping,
    Node,
    NotData,
    Opaque,
    Set,
    TooDeep,
    Traced,
    Tuple,
    append,
)

LONG_LIST = 32  # from here on, lists of floats or of ints travel as one buffer
AS_THEY_ARE = frozenset({type(None), bool, float})  # what msgpack writes as it is
TEXT_OR_NUMBER = (int, float, str, bytes, bytearray)
CONTAINER = (list, tuple, dict, set, frozenset)
SMALLEST, LARGEST = -(2**63), 2**63 - 1  # of the ints among them


class Writer(NamedTuple):
    """A frame while it is written: its buffers so far, and the two hooks of `wire.encode`."""

    buffers: list[Any]
    pickle: Callable[[Any], bytes] | None
    live: Callable[[Any, bool], Node] | None


def to_node(value: Any, writer: Writer, depth: int) -> Node:
    """The structure that stands for `value`; array contents go to the writer's buffers.

    Raises:
        NotData: it holds something that cannot travel.
    """
    # Every value of every message passes here, so the commonest kinds come first. Exact types, not
    # isinstance: a subclass may override methods, and goes the slower way that copies it plain.
    kind: type = type(value)
    if kind in AS_THEY_ARE or (kind is int and SMALLEST <= value <= LARGEST):
        return value  # type: ignore[no-any-return]
    if kind is str and len(value) < SMALL_FRAME and value.isascii():
        return value  # type: ignore[no-any-return]
    if depth > MAX_DEPTH:
        raise TooDeep
    if kind is np.ndarray and (dtype := NATIVE.get(value.dtype)) and value.ndim <= MAX_DIMENSIONS:
        append(writer.buffers, contents(value))
        return Array(dtype, [*value.shape])
    if kind is tuple:
        return Tuple([to_node(item, writer, depth + 1) for item in value])
    if kind is list and len(value) < LONG_LIST:
        return List([to_node(item, writer, depth + 1) for item in value])
    # An empty one is a call without keywords. Others are for a hook to look at, if there is one.
    if kind is dict and (not value or (writer.live is None and len(value) < LONG_LIST)):
        return _dict_to_node(value, writer, depth)
    return _uncommon_to_node(value, writer, depth)


def _uncommon_to_node(value: Any, writer: Writer, depth: int) -> Node:
    """As `to_node`, for whatever is not among the commonest kinds."""
    live = writer.live
    if live is None:
        return _data_to_node(value, writer, depth)
    if (node := live(value, False)) is AS_OBJECT:
        return _pickle_to_node(value, writer)
    if node is not None:
        if type(node) is Lasting:
            return _lasting_to_node(node, writer, depth)
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


def _lasting_to_node(lasting: Lasting, writer: Writer, depth: int) -> Node:
    """The node of an object that both sides hold from here on; `value` is itself as yet."""
    assert writer.live is not None
    mark = len(writer.buffers)
    try:
        return Lasting(lasting.number, to_node(lasting.value, writer, depth + 1))
    except TooDeep:
        raise
    except NotData:
        del writer.buffers[mark:]
        return writer.live(lasting, True)


def _with_tensors(node: Traced, value: Any, writer: Writer) -> Traced:
    """A hook's node of a tensor, with the tensor's contents; its `grad` is a tensor as yet."""
    torch = sys.modules["torch"]
    told = tensor_to_node(torch, value, writer.buffers)
    grad = None if node.grad is None else tensor_to_node(torch, node.grad, writer.buffers)
    return Traced(node.number, node.kind, told, grad, node.leaves)


def _data_to_node(value: Any, writer: Writer, depth: int) -> Node:
    """The node of data, or of a pickle where those may travel."""
    if isinstance(value, np.generic):
        return scalar_to_node(value, writer.buffers)
    if writer.live is not None and (whole := frames.whole_of(value)) is not None:
        if writer.pickle is not None:
            return _pickle_to_node(value, writer)
        return Atom(frames.CONTAINER, [whole[0], to_node(whole[1], writer, depth + 1)])
    if isinstance(value, TEXT_OR_NUMBER):
        return _text_or_number_to_node(value, writer)
    if isinstance(value, np.ndarray):
        return array_to_node(value, writer.buffers)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return tensor_to_node(torch, value, writer.buffers)
    if isinstance(value, CONTAINER):
        if writer.live and (made := frames.factory_of(value)) is not None:
            parts = [to_node(part, writer, depth + 1) for part in (made, dict(value))]
            return Atom(frames.DEFAULTS, parts)
        return _container_to_node(value, writer, depth)
    return _atom_to_node(value, writer, depth)


# Whatever else is like one of those values is a class of its own, which goes out as it is.
ATOM_MODULES = frozenset({"builtins", "fractions", "decimal", "datetime"})


def _atom_to_node(value: Any, writer: Writer, depth: int) -> Node:
    if writer.pickle is None or type(value).__module__ in ATOM_MODULES:
        try:
            told = parts_of(value)
        except NotData:
            if writer.pickle is None:
                raise
            told = None
        if told is not None:
            kind, parts = told
            return Atom(kind, [to_node(part, writer, depth + 1) for part in parts])
    if writer.pickle is None and writer.live is not None and frames.is_frame(value):
        return Atom(frames.ATOM, [to_node(p, writer, depth + 1) for p in frames.parts_of(value)])
    if writer.pickle is None and writer.live is not None and sparse.is_sparse(value):
        return Atom(sparse.ATOM, [to_node(p, writer, depth + 1) for p in sparse.parts_of(value)])
    if writer.pickle is None:
        raise NotData(_told(value))
    return _pickle_to_node(value, writer)


def _pickle_to_node(value: Any, writer: Writer) -> Opaque:
    assert writer.pickle is not None
    pickled = writer.pickle(value)
    append(writer.buffers, pickled)
    return Opaque(len(pickled))


# What somebody meant who returned such an object.
MEANT = {
    "coroutine": "is it `async def` where `def` was meant?",
    "generator": "is it `yield` where `return` was meant?",
    "function": "does a call lack its parentheses?",
    "method": "does a call lack its parentheses?",
    "builtin_function_or_method": "does a call lack its parentheses?",
    "map": "`list` makes a list of it",
    "filter": "`list` makes a list of it",
    "zip": "`list` makes a list of it",
    "type": "does a call lack its parentheses?",
}


def _told(value: Any) -> str:
    """What a message calls an object that does not travel."""
    name = type(value).__name__
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.nn.Module):
        return "a module of torch"
    return f"a `{name}` object" + (f" ({MEANT[name]})" if name in MEANT else "")


def _text_or_number_to_node(value: Any, writer: Writer) -> Node:
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
            raise NotData(f"{megabytes(len(value))} of text")
        # What it holds, not what `str` makes of it: of an Enum's member that is a text, that is its
        # name. A lone surrogate has no UTF-8 form; msgspec would refuse the whole frame for it.
        known = str.encode(value, "utf-8", "replace").decode()
        is_same = writer.pickle is None or known == value
        return known if is_same else _pickle_to_node(str.__str__(value), writer)
    if writer.pickle is None and len(value) > STRUCTURE_BYTES:
        raise NotData(f"{megabytes(len(value))} of bytes")
    append(writer.buffers, bytes(value))
    return Bytes(len(value))


def _container_to_node(value: Any, writer: Writer, depth: int) -> Node:
    if isinstance(value, tuple):
        items = [to_node(item, writer, depth + 1) for item in value]
        if writer.live is not None and (name := named.name_of(value)) is not None:
            return Atom(named.ATOM, [name, List(items)])
        return Tuple(items)
    if isinstance(value, list):
        return _list_to_node(value, writer, depth)
    if isinstance(value, dict):
        if len(value) >= LONG_LIST:
            keys = _list_to_node([*value], writer, depth + 1)
            return Mapping(keys, _list_to_node([*value.values()], writer, depth + 1))
        return _dict_to_node(value, writer, depth)
    return Set(isinstance(value, frozenset), _list_to_node([*value], writer, depth + 1))


def _dict_to_node(value: dict[Any, Any], writer: Writer, depth: int) -> Dict:
    """A short dict."""
    keys = [to_node(key, writer, depth + 1) for key in value]
    return Dict(keys, [to_node(item, writer, depth + 1) for item in value.values()])


def _list_to_node(value: Sequence[Any], writer: Writer, depth: int) -> Node:
    """A list; where it is long and of one kind of number, as a buffer."""
    if len(value) >= LONG_LIST:
        if all(type(item) is float for item in value):
            append(writer.buffers, np.array(value, dtype=np.float64).tobytes())
            return Floats(len(value))
        if all(type(item) is int and SMALLEST <= item <= LARGEST for item in value):
            append(writer.buffers, np.array(value, dtype=np.int64).tobytes())
            return Ints(len(value))
    return List([to_node(item, writer, depth + 1) for item in value])


def megabytes(size: int) -> str:
    """A number of bytes, as messages tell it."""
    return f"{size / 2**20:,.0f} MiB" if size >= 2**20 else f"{size / 2**10:,.0f} KiB"
