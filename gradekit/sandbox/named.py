"""Tuples of libraries whose items have names, such as what `torch.max` and `np.linalg.qr` return.

A test reads `result.values` as well as `values, places = result`, so they travel as what they are.
Only classes that are found here in the libraries themselves are made, by their names. No answer can
add one.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from typing import Any

from gradekit.sandbox.nodes import Malformed

ATOM = "named"
MODULES = (
    "torch.return_types", "torch.nn.modules.module", "torch.nn.utils.rnn",
    "numpy.linalg._linalg", "numpy.lib._arraysetops_impl",
)  # fmt: skip


def name_of(value: tuple[Any, ...]) -> str | None:
    """The name under which a tuple of a library travels; None for any other tuple."""
    return None if type(value) is tuple else _names(len(sys.modules)).get(type(value))


def made_of(parts: list[Any]) -> tuple[Any, ...]:
    """The tuple that such parts stand for.

    Raises:
        Malformed: they stand for none.
    """
    if len(parts) != 2 or type(parts[0]) is not str or type(parts[1]) is not list:
        raise Malformed("no proper tuple")
    name, items = parts
    kind = _kinds(len(sys.modules)).get(name)
    if kind is None or len(items) != len(_fields_of(kind)):
        raise Malformed("a tuple of an unknown class")
    # By way of the tuple's own: a class may want its items to fit each other, as PackedSequence's.
    made: tuple[Any, ...] = kind(items) if hasattr(kind, "n_fields") else tuple.__new__(kind, items)
    return made


def _fields_of(kind: Any) -> Any:
    return range(kind.n_fields) if hasattr(kind, "n_fields") else kind._fields


@functools.lru_cache(maxsize=2)
def _kinds(loaded: int) -> Mapping[str, Any]:
    """The classes by their names; `loaded` makes it look again once more modules are loaded."""
    return {
        f"{module}.{name}": kind
        for module in MODULES
        if module in sys.modules
        for name, kind in vars(sys.modules[module]).items()
        if isinstance(kind, type)
        and kind.__module__ == module
        and issubclass(kind, tuple)
        and (hasattr(kind, "n_fields") or hasattr(kind, "_fields"))
    }


@functools.lru_cache(maxsize=2)
def _names(loaded: int) -> Mapping[type, str]:
    return {kind: name for name, kind in _kinds(loaded).items()}
