"""Long values as the short code that builds them: `[4, 1] + [0, 2] * 40`, `np.full(5000, 0.1)`.

Some mistakes show on long inputs only. Such a call can be read and pasted as a whole where the
input is regular; where it is not, there is no short code for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradekit.grading.code import Code

LONG = 12  # entries; shorter values are written out
MOST_PLAIN = 3  # zeros, or truth values that are all the same
LONGEST_PERIOD, MOST_BEFORE = 6, 4  # entries that are repeated, and that stand before them
KINDS = "biuf"  # of NumPy's dtypes


def concise(value: Any) -> str:
    """Short code that builds a long regular list, array or tensor; "" where there is none.

    What it builds is `value`, bit for bit, `np` and `torch` being known.

    Example:
        >>> concise([4, 1] + [0, 2] * 40), concise([*range(70)])
        ('[4, 1] + [0, 2] * 40', 'list(range(70))')
        >>> concise(np.full((1, 2001), 127, dtype=np.int8)), concise(np.arange(60.0))
        ('np.full((1, 2001), 127, dtype=np.int8)', 'np.arange(60.0)')
    """
    if type(value) is list and len(value) > LONG:
        return _list(value)
    if type(value) is np.ndarray and value.dtype.kind in KINDS and value.size > _most(value):
        text = _array(value)
        return text if text and _is_same(Code(text).build(), value) else ""
    is_tensor = type(value).__name__ == "Tensor" and type(value).__module__ == "torch"
    if is_tensor and not value.requires_grad and value.numel() > _most(value):
        return _tensor(value)
    return ""


def _most(value: Any) -> int:
    """How many entries of an array or a tensor are written out."""
    is_mask = str(value.dtype).rpartition(".")[2] == "bool"
    return MOST_PLAIN if not value.any() or (is_mask and value.all()) else LONG


def _list(value: list[Any]) -> str:
    if any(type(each) not in (int, float, bool) for each in value):
        return ""
    parts = [_number(each) for each in value]
    first = value[0]
    if parts == [repr(first + place) for place in range(len(value))]:
        return f"list(range({f'{first}, ' if first else ''}{first + len(value)}))"
    return _repeated(parts)


def _repeated(parts: Sequence[str]) -> str:
    """The entries as a list that is repeated, after a few others; "" where they are not that."""
    for before in range(MOST_BEFORE + 1):
        rest = parts[before:]
        period = _period(rest)
        if period and not len(rest) % period:
            start = f"[{', '.join(parts[:before])}] + " if before else ""
            return f"{start}[{', '.join(rest[:period])}] * {len(rest) // period}"
    return ""


def _period(parts: Sequence[str]) -> int:
    """After how many entries they begin anew, where these are few; else 0."""
    for period in range(1, LONGEST_PERIOD + 1):
        if [*parts[period:]] == [*parts[:-period]]:
            return period
    return 0


def _array(value: np.ndarray) -> str:
    flat = value.ravel()
    dtype = "" if value.dtype.name in ("float64", "int64", "bool") else f", dtype={_dtype(value)}"
    shape = f"{value.size}" if value.ndim == 1 else f"{value.shape}"
    parts = [_number(each) for each in _shortest(value)]
    if len({*parts}) == 1:
        is_zeros = parts[0] == "0.0" and not dtype
        return f"np.zeros({shape})" if is_zeros else f"np.full({shape}, {parts[0]}{dtype})"
    if value.ndim == 2 and flat.dtype == float and np.array_equal(value, np.eye(*value.shape)):
        rows, columns = value.shape
        return f"np.eye({rows})" if rows == columns else f"np.eye({rows}, {columns})"
    first, again = flat[0].item(), "" if value.ndim == 1 else f".reshape{value.shape}"
    if value.dtype.kind != "b" and np.array_equal(flat, first + np.arange(value.size)):
        start = f"{first!r}, " if first else ""
        return f"np.arange({start}{first + value.size!r}{dtype}){again}"
    repeated, period = _repeated(parts), _period(parts)
    if period and not dtype and (again or not repeated):
        return f"np.resize([{', '.join(parts[:period])}], {shape})"
    return f"np.array({repeated}{dtype}){again}" if repeated else ""


def _tensor(value: Any) -> str:
    if str(value.dtype) not in ("torch.float32", "torch.float64", "torch.int64", "torch.bool"):
        return ""
    array = value.numpy()
    is_single = array.dtype == np.float32
    double = np.array(_shortest(array)).reshape(array.shape) if is_single else array
    text = _array(double)
    if len({*map(repr, array.ravel())}) == 1:
        number = _number(double.flat[0].item()).replace("np.", "torch.")
        dtype = f", dtype={value.dtype}" if str(value.dtype) == "torch.float64" else ""
        made = f"zeros({array.shape}" if number == "0.0" else f"full({array.shape}, {number}"
        text = f"torch.{made}{dtype})"
    elif text:
        text = f"torch.tensor({text}){'.float()' if is_single else ''}"
    return text if text and _is_same(Code(text).build().numpy(), array) else ""


def _shortest(array: np.ndarray) -> list[Any]:
    """The entries as Python's numbers, floats with the fewest digits that give the same again."""
    flat = array.ravel()
    return [float(str(each)) for each in flat] if array.dtype.kind == "f" else flat.tolist()


def _is_same(built: np.ndarray, value: np.ndarray) -> bool:
    alike = built.dtype == value.dtype and built.shape == value.shape
    flags = built.flags.c_contiguous, built.flags.f_contiguous
    lies = value.flags.c_contiguous, value.flags.f_contiguous
    return alike and flags == lies and built.tobytes() == value.tobytes()


def _number(value: bool | int | float) -> str:
    text = repr(value)
    return f"{'-' * text.startswith('-')}np.{text.lstrip('-')}" if text[-1] in "fn" else text


def _dtype(value: np.ndarray) -> str:
    return f"np.{value.dtype.name}"
