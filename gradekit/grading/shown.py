"""Values in messages: arguments as code, results in as few digits as make them differ."""

from __future__ import annotations

import re
import sys
from typing import Any

import numpy as np

from gradekit.grading.code import Code
from gradekit.grading.concise import concise
from gradekit.sandbox.arrays import is_masked_array

SHOWN_ENTRIES = 12
SHOWN_DEPTH = 3  # of lists in lists
SHOWN_DIMENSIONS = 4
DIGITS = 4  # of a number in a message, where they suffice
SMALLEST_ORDINARY, LARGEST_ORDINARY = 1e-3, 1e6
MOST_DIGITS = 17  # with so many, different floats look different
PLAIN_DTYPES = (
    "float64",
    "int64",
    "bool",
    "complex128",
)  # what `np.array` makes of Python's numbers
PLAIN_TENSORS = ("torch.float32", "torch.int64", "torch.bool")  # and `torch.tensor`


def as_code(value: Any) -> str:
    """`value` as Python code that builds it, with `np` and `torch` imported.

    Example:
        >>> as_code((np.array([0.0, -np.inf]), [1, True], np.arange(2, dtype=np.int8)))
        '(np.array([0., -np.inf]), [1, True], np.array([0, 1], dtype=np.int8))'
    """
    if known := label_of(value) or concise(value):
        return known
    if isinstance(value, np.ndarray):
        return _array_as_code(value)
    if is_tensor(value):
        return _tensor_as_code(value)
    # Before the other NumPy scalars: it is a Python float as
    # well, and `0.5` is what a learner types.
    if isinstance(value, np.float64):
        return as_code(float(value))
    if isinstance(value, np.character | np.datetime64 | np.timedelta64):
        return repr(value)
    if isinstance(value, np.generic):
        return f"np.{value.dtype.name}({value.item()!r})"
    if isinstance(value, float):
        return _named_infinities(repr(value))
    if isinstance(value, tuple | list | dict | set | frozenset):
        return _container_as_code(value)
    if callable(value) and not isinstance(value, Code):
        return str(getattr(value, "__name__", type(value).__name__))
    return type(value).__name__ if _is_mock(value) else repr(value)


def _container_as_code(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_code(k)}: {as_code(v)}" for k, v in value.items()) + "}"
    inner = ", ".join(map(as_code, value))
    if isinstance(value, tuple):
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, list):
        return f"[{inner}]"
    text = f"{{{inner}}}" if value else ""
    return f"frozenset({text})" if isinstance(value, frozenset) else text or "set()"


def call_as_code(name: str, args: tuple[Any, ...], keywords: dict[str, Any] | None = None) -> str:
    """A call that can be pasted into Python: `softmax(np.array([0., 710.]), axis=0)`."""
    parts = [as_code(value) for value in args]
    parts += [f"{key}={as_code(value)}" for key, value in (keywords or {}).items()]
    return f"{name}({', '.join(parts)})"


def has_plain_dtype(value: Any) -> bool:
    """Whether `value` is no NumPy array, or one whose entries show its dtype."""
    return not isinstance(value, np.ndarray) or value.dtype.name in PLAIN_DTYPES


def _array_as_code(value: np.ndarray) -> str:
    if is_masked_array(value):
        mask = _entries(np.ma.getmaskarray(value))
        return f"np.ma.array({_entries(np.asarray(value))}, mask={mask})"
    if value.size == 0:
        dtype = "" if value.dtype == np.float64 else f", dtype={_dtype(value)}"
        return f"np.zeros({value.shape}{dtype})"
    dtype = "" if value.dtype.name in PLAIN_DTYPES else f", dtype={_dtype(value)}"
    text = f"np.array({_entries(value)}{dtype})"
    flags = value.flags
    return f"np.asfortranarray({text})" if flags.f_contiguous and not flags.c_contiguous else text


def _tensor_as_code(value: Any) -> str:
    dtype = str(value.dtype)
    more = "" if dtype in PLAIN_TENSORS else f", dtype={dtype}"
    if value.requires_grad:
        more += ", requires_grad=True"
    if value.numel() == 0:
        kind = "" if dtype == "torch.float32" else more
        return f"torch.zeros({tuple(value.shape)}{kind})"
    return f"torch.tensor({_entries(numpy_of(value)).replace('np.', 'torch.')}{more})"


def _dtype(value: np.ndarray) -> str:
    if value.dtype.names is not None:
        return str(value.dtype)
    return f"np.{value.dtype.name}" if hasattr(np, value.dtype.name) else repr(str(value.dtype))


def _entries(value: np.ndarray) -> str:
    """All entries as nested lists, each with the fewest digits that give the same number."""
    text = np.array2string(
        value, threshold=sys.maxsize, separator=", ", max_line_width=sys.maxsize,
        floatmode="unique", suppress_small=_are_ordinary(value),
    )  # fmt: skip
    text = on_one_line(text)
    return _named_infinities(text) if value.dtype.kind in "fc" else text


def _are_ordinary(value: np.ndarray) -> bool:
    """Whether nobody would write these numbers with exponents: `[-0.6931, -1000.6931]`.

    NumPy does as soon as one of them is a thousand times another.
    """
    if value.dtype.kind != "f":
        return False
    sizes = np.abs(value[np.isfinite(value) & (value != 0)].astype(np.float64))
    return bool((sizes >= SMALLEST_ORDINARY).all() and (sizes < LARGEST_ORDINARY).all())


def _named_infinities(text: str) -> str:
    return re.sub(r"\b(inf|nan)\b", r"np.\1", text)


def show(value: Any, depth: int = SHOWN_DEPTH, digits: int = DIGITS) -> str:
    """`value` in a few words: numbers to a few digits, long arrays by shape and ends.

    An answer may send lists of lists of arrays of eight dimensions. Of containers, `depth`
    levels are shown; of arrays that lie deeper than one, or have many dimensions, the ends.

    Example:
        >>> show([0.123456, None, np.arange(100.0)])
        '[0.1235, None, [0., 1., ..., 98., 99.] of shape (100,)]'
    """
    if label := label_of(value):
        return f"<{label}>"
    if is_tensor(value):
        return show(numpy_of(value), depth, digits)
    if isinstance(value, np.ndarray):
        return _show_array(value, depth, digits)
    if isinstance(value, bool | np.bool_) or value is None:
        return str(value)
    if isinstance(value, float | np.floating):
        return f"{float(value):.{digits}g}" if float(value) != 0 else "0.0"
    if isinstance(value, list | tuple | dict) and value and not depth:
        return {list: "[...]", tuple: "(...)"}.get(type(value), "{...}")
    if isinstance(value, list | tuple):
        inner = ", ".join(show(item, depth - 1, digits) for item in value[:SHOWN_ENTRIES])
        inner += ", ..." if len(value) > SHOWN_ENTRIES else ""
        inner += "," if isinstance(value, tuple) and len(value) == 1 else ""
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if isinstance(value, set | frozenset) and value:
        inner = ", ".join(show(item, depth - 1, digits) for item in [*value][:SHOWN_ENTRIES])
        text = f"{{{inner}{', ...' if len(value) > SHOWN_ENTRIES else ''}}}"
        return text if isinstance(value, set) else f"frozenset({text})"
    if isinstance(value, dict):
        shown = [(key, value[key]) for key in [*value][:6]]
        inner = ", ".join(
            f"{show(key, depth - 1, digits)}: {show(item, depth - 1, digits)}"
            for key, item in shown
        )
        return "{" + inner + (", ...}" if len(value) > 6 else "}")
    # What is left is of the wire's plain kinds, whose repr holds no memory address.
    text = type(value).__name__ if _is_mock(value) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def show_entries(value: Any) -> str:
    """An array or tensor with all its entries, each to a few digits."""
    array = numpy_of(value)
    return _show_array(array, SHOWN_DEPTH, DIGITS, array.size)


def _show_array(value: np.ndarray, depth: int, digits: int, most: int = SHOWN_ENTRIES) -> str:
    if is_masked_array(value):
        if value.size > most:
            return f"a masked array of shape {value.shape}"
        # NumPy warns where it is to print what is masked to some digits.
        return on_one_line(str(value.astype(object)).replace(" ", ", "))
    many = value.ndim > SHOWN_DIMENSIONS or depth < SHOWN_DEPTH - 1
    if many and value.size > most:
        first, last = (show(value.reshape(-1)[end], depth, digits) for end in (0, -1))
        return f"[{first}, ..., {last}] of shape {value.shape}"
    text = np.array2string(
        value, precision=digits, threshold=most, edgeitems=2, separator=", ",
        max_line_width=10**6, suppress_small=_are_ordinary(value),
    )  # fmt: skip
    text = on_one_line(text)
    return text if value.size <= most else f"{text} of shape {value.shape}"


def show_apart(expected: Any, got: Any) -> tuple[str, str]:
    """Both values in as few digits as tell them apart, and with their types where only these do.

    Example:
        >>> show_apart(0.25, 0.5)
        ('0.25', '0.5')
        >>> show_apart(1.0, 1.0 + 1e-7)
        ('1', '1.0000001')
    """
    # "expected 1, got 1" would tell a learner nothing.
    for digits in range(DIGITS, MOST_DIGITS + 1):
        left, right = show(expected, digits=digits), show(got, digits=digits)
        if left != right:
            return left, right
    return repr(expected), repr(got)


def numbers_in(value: Any) -> int:
    """How many numbers a reader has to look at; truth values, as of masks, are none."""
    if is_tensor(value):
        return 0 if str(value.dtype) == "torch.bool" else int(value.numel())
    if isinstance(value, np.ndarray | np.generic):
        return 0 if value.dtype == np.bool_ else value.size
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list | tuple):
        return sum(map(numbers_in, value))
    return int(isinstance(value, int | float | complex) and not isinstance(value, bool))


def label_of(value: Any) -> str:
    """What messages call a handle; "" for data.

    Looked up on the class: asking the handle itself would send a request, and a message is
    written when the worker may be gone.
    """
    label = getattr(type(value), "kit__label", None)
    return str(label(value)) if label is not None else ""


def on_one_line(text: str) -> str:
    """What NumPy prints of an array, without the blanks that line up its columns."""
    return re.sub(r"(?<=\[) | (?=[,\]])", "", " ".join(text.split()))


def is_tensor(value: Any) -> bool:
    """Whether `value` is a torch tensor, without importing torch for numpy exercises."""
    return type(value).__module__.startswith("torch") and type(value).__name__ in (
        "Tensor",
        "Parameter",
    )


def _is_mock(value: Any) -> bool:
    return type(value).__module__ == "unittest.mock"


def numpy_of(value: Any) -> Any:
    """A tensor as an array, without its gradient; NumPy has no bfloat16. Else the value itself."""
    if not is_tensor(value):
        return value
    value = value.detach()
    is_brain = str(value.dtype) == "torch.bfloat16"
    return np.asarray((value.float() if is_brain else value).numpy())
