"""NumPy arrays and scalars, torch tensors: as nodes, and back.

Numbers, truth values, texts, bytes, dates and times; structured arrays of those, and masked
ones. No objects: their bytes would be taken for pointers. A dtype that arrives is looked up in a
table or matched against a pattern before NumPy sees it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, TypeGuard

import numpy as np

from gradekit.sandbox.limits import BUFFER_BYTES
from gradekit.sandbox.nodes import (
    MAX_DIMENSIONS,
    SMALL_FRAME,
    Array,
    Buffers,
    Malformed,
    Masked,
    NotData,
    Scalar,
    Structured,
    Tensor,
    append,
)

# Names of numeric dtypes that mean the same bytes to NumPy and torch.
ARRAY_DTYPES = frozenset(
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 "
    "float16 float32 float64 complex64 complex128".split()
)
TENSOR_DTYPES = ARRAY_DTYPES | {"bfloat16"}
NATIVE = {np.dtype(name): name for name in ARRAY_DTYPES}
BY_NAME = {name: dtype for dtype, name in NATIVE.items()}
# Texts and bytes of a fixed length, and dates and times of a unit: `U5`, `S3`, `M8[ns]`.
OTHER_DTYPES = re.compile(r"[US][1-9]\d{0,4}|[Mm]8(?:\[(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?")
MAX_FIELDS = 64
NAME_CHARACTERS = 200
LAST_CHARACTER = 0x10FFFF


def is_masked_array(value: Any) -> TypeGuard[np.ma.MaskedArray]:
    """Whether it is a NumPy array with a mask.

    Where nobody has imported `numpy.ma`, there is none. To name it would import it, which would
    make every start of kit some 10 ms longer.
    """
    masked = sys.modules.get("numpy.ma")
    return masked is not None and isinstance(value, masked.MaskedArray)


def array_to_node(value: np.ndarray, buffers: list[Any]) -> Array | Structured | Masked:
    """The node of an array; its contents go to `buffers`.

    Raises:
        NotData: its dtype holds objects, or it has too many dimensions.
    """
    if is_masked_array(value) and np.ma.is_masked(value):
        mask = np.ma.getmaskarray(value)
        if mask.dtype.names is not None:
            raise NotData("a structured array with a mask")
        return Masked(
            array_to_node(value.filled() if value.dtype.hasobject else value.data, buffers),
            array_to_node(mask, buffers),
        )
    _check_dimensions(value.ndim)
    if value.dtype.names is not None:
        return _structured_to_node(value, buffers)
    dtype = dtype_name(value.dtype)
    append(buffers, contents(np.asarray(value, dtype=dtype)))
    return Array(dtype, list(value.shape))


def _structured_to_node(value: np.ndarray, buffers: list[Any]) -> Structured:
    names = list(value.dtype.names or ())
    long = any(len(name) > NAME_CHARACTERS for name in names)
    if value.dtype.hasobject or not names or len(names) > MAX_FIELDS or long:
        raise NotData(f"an array of dtype {str(value.dtype)[:NAME_CHARACTERS]}")
    columns = [array_to_node(np.asarray(value[name]), buffers) for name in names]
    return Structured(list(value.shape), names, list(columns))


def scalar_to_node(value: np.generic, buffers: list[Any]) -> Scalar:
    """The node of a NumPy scalar."""
    array = np.asarray(value)
    dtype = dtype_name(array.dtype)
    append(buffers, array.astype(dtype, copy=False).tobytes())
    return Scalar(dtype)


def tensor_to_node(torch: Any, value: Any, buffers: list[Any]) -> Tensor:
    """The node of a tensor, without its history."""
    dtype = _name_in_torch(value.dtype)
    if dtype not in TENSOR_DTYPES or value.layout is not torch.strided or value.is_meta:
        raise NotData(f"a tensor of {value.layout} layout and dtype {value.dtype}")
    _check_dimensions(value.ndim)
    plain = value if type(value) is torch.Tensor else value.detach()
    if type(plain) is not torch.Tensor:
        plain = plain.as_subclass(torch.Tensor)
    if dtype == "bfloat16":  # NumPy has none: as the bytes that they are
        plain = plain.detach().contiguous().reshape(-1).view(torch.uint8)
    # force: also where it has a history, or a view is conjugated or negated only when looked at.
    append(buffers, contents(plain.numpy(force=True)))
    return Tensor(dtype, list(value.shape))


@cache
def _name_in_torch(dtype: Any) -> str:
    """The name of a dtype of torch: looked up, since making it takes longer than all the rest."""
    return str(dtype).removeprefix("torch.")


def array(dtype: str, shape: list[int], buffers: Buffers) -> np.ndarray:
    """The array of a node.

    Raises:
        Malformed: its dtype or shape is none that `array_to_node` makes.
    """
    if (native := BY_NAME.get(dtype)) is not None:
        taken = buffers.take(_count(shape) * native.itemsize)
        if dtype == "bool":
            _check_bools(taken)
        # A view of the frame, without a copy; and writable, since the frame is a bytearray.
        return np.frombuffer(taken, native).reshape(shape)
    if not OTHER_DTYPES.fullmatch(dtype):
        raise Malformed("not a dtype of data")
    kind = np.dtype(dtype)
    taken = buffers.take(_count(shape) * kind.itemsize)
    if kind.kind == "U" and len(taken):
        characters = np.frombuffer(taken, np.uint32)
        surrogates = (characters >= 0xD800) & (characters <= 0xDFFF)  # no text of its own
        if int(characters.max()) > LAST_CHARACTER or surrogates.any():
            raise Malformed("a text with characters that do not exist")
    return np.frombuffer(taken, dtype=kind).reshape(shape)


def structured(node: Structured, value_of: Callable[[Any], Any]) -> np.ndarray:
    """The structured array of a node; `value_of` gives the values of its columns, in order."""
    shape = tuple(node.shape)
    _count(node.shape)
    names = node.names
    if not 0 < len(names) == len({*names}) == len(node.columns) <= MAX_FIELDS:
        raise Malformed("a structured array with wrong fields")
    columns = []
    for name, column in zip(names, node.columns, strict=True):
        if not name or len(name) > NAME_CHARACTERS or not isinstance(column, Array | Structured):
            raise Malformed("a structured array with wrong fields")
        value = value_of(column)
        if value.shape[: len(shape)] != shape:
            raise Malformed("a structured array whose fields differ in shape")
        columns.append(value)
    fields = [
        (name, value.dtype, value.shape[len(shape) :])
        for name, value in zip(names, columns, strict=True)
    ]
    # Built here, field by field: a dtype that came as text
    # could name objects, or fields that overlap.
    made = np.empty(shape, dtype=fields)
    if made.dtype.itemsize == 0:  # of which there could be millions for nothing
        raise Malformed("a structured array whose entries have no bytes")
    for name, value in zip(names, columns, strict=True):
        made[name] = value
    return made


def masked(node: Masked, value_of: Callable[[Any], Any]) -> np.ma.MaskedArray:
    """The masked array of a node."""
    if not isinstance(node.data, Array) or not isinstance(node.mask, Array):
        raise Malformed("a masked array whose parts are no arrays")
    data, mask = value_of(node.data), value_of(node.mask)
    if node.mask.dtype != "bool" or data.shape != mask.shape:
        raise Malformed("a masked array whose mask does not fit")
    return np.ma.MaskedArray(data, mask=mask)


def unmasked(value: np.ma.MaskedArray) -> np.ndarray:
    """A plain array with NaN for masked entries, which equals nothing.

    matplotlib, for one, masks what is missing of the points that it drew.

    Raises:
        Malformed: there is no NaN of its kind.
    """
    mask, data = np.ma.getmaskarray(value), np.asarray(value.data)
    if not mask.any():
        return data
    if data.dtype.kind not in "fc":
        raise Malformed("an array with masked entries")
    return np.where(mask, np.array(np.nan, data.dtype), data)


def tensor(dtype: str, shape: list[int], buffers: Buffers) -> Any:
    """The tensor of a node."""
    import torch

    if dtype not in TENSOR_DTYPES:
        raise Malformed("not a numeric dtype")
    torch_dtype = getattr(torch, dtype)
    count = _count(shape)
    if count == 0:  # torch takes no empty buffer
        return torch.empty(shape, dtype=torch_dtype)
    taken = buffers.take(count * torch_dtype.itemsize)
    if dtype == "bool":
        _check_bools(taken)
    if dtype == "bfloat16":
        return torch.frombuffer(taken, dtype=torch_dtype).reshape(shape)
    return torch.from_numpy(np.frombuffer(taken, BY_NAME[dtype]).reshape(shape))


def _count(shape: list[int]) -> int:
    """The number of entries of an array of that shape.

    The product of all sizes but 0 is bounded too: of shape (0, 2**40) there is nothing to store,
    but what a check derives from it, a sum over the first axis say, could fill the memory.
    """
    count = extent = 1
    for size in shape if len(shape) <= MAX_DIMENSIONS else [-1]:
        if not 0 <= size <= BUFFER_BYTES:
            raise Malformed("a shape out of bounds")
        count *= size
        extent *= size or 1
    if extent > BUFFER_BYTES:
        raise Malformed("a shape out of bounds")
    return count


def _check_bools(taken: memoryview) -> None:
    """Refuse a bool that is neither 0 nor 1: a single True of 200 would add up to 200."""
    if len(taken) and np.frombuffer(taken, np.uint8).max() > 1:
        raise Malformed("a bool that is neither true nor false")


def _check_dimensions(number: int) -> None:
    if number > MAX_DIMENSIONS:
        raise NotData(f"an array of {number} dimensions")


def dtype_name(dtype: np.dtype) -> str:
    """The name under which a dtype travels.

    Raises:
        NotData: it does not.
    """
    if dtype.kind in "USMm":
        name = dtype.newbyteorder("=").str[1:]  # without the sign of the byte order
        name = f"{name[0]}1" if name in ("U0", "S0") else name
        if OTHER_DTYPES.fullmatch(name):
            return name
    else:
        name = dtype.newbyteorder("=").name
        if name in ARRAY_DTYPES:
            return name
    raise NotData(f"an array of dtype {str(dtype)[:NAME_CHARACTERS]}")


def contents(value: np.ndarray) -> bytes | memoryview:
    """The bytes of an array in C order; a large one that is already in C order is not copied."""
    if value.nbytes < SMALL_FRAME:
        return value.tobytes()
    return np.ascontiguousarray(value).reshape(-1).view(np.uint8).data
