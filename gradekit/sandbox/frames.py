"""pandas' tables, columns and indexes as parts that travel, and back; and dicts with a default.

Where checks hold handles only, and tables in imported checks: a test compares them by pandas' own
functions there, so they have to be real ones on its side. What has other contents than plain ones
(zones, intervals, objects) stays in the worker, as do objects of derived classes, which could say
anything of themselves.
"""

from __future__ import annotations

import importlib
import sys
from collections import Counter, OrderedDict, defaultdict
from typing import Any

import numpy as np

from gradekit.sandbox.nodes import MAX_ITEMS, Malformed, NotData

MOST_COLUMNS = 2000
KINDS = ("DataFrame", "Series", "Index", "RangeIndex", "DatetimeIndex", "TimedeltaIndex",
         "CategoricalIndex", "MultiIndex")  # fmt: skip
MUTABLE = ("DataFrame", "Series")
# Types of pandas' own whose entries are plain or missing, by the names that they have there.
EXTENSIONS = frozenset(
    "str string boolean Int8 Int16 Int32 Int64 UInt8 UInt16 UInt32 UInt64 Float32 Float64".split()
)
NAMES = (str, int, float, bool, type(None))
ATOM, DEFAULTS, CONTAINER = "pandas", "defaultdict", "container"
WHOLE: dict[str, tuple[Any, type]] = {
    "Counter": (Counter, dict), "OrderedDict": (OrderedDict, dict), "bytearray": (bytearray, bytes),
}  # fmt: skip
# What a defaultdict that travels may make of what is missing: nothing that runs anybody's code.
FACTORIES: dict[str, type] = {each.__name__: each for each in (int, float, str, list, set, dict)}


def is_frame(value: Any, kinds: tuple[str, ...] = KINDS) -> bool:
    """Whether a value is of one of those classes of pandas' exactly."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and any(type(value) is getattr(pandas, kind, None) for kind in kinds)


def parts_of(value: Any) -> list[Any]:
    """The parts of a table, column or index, its kind first.

    Raises:
        NotData: it holds something that does not travel.
    """
    kind = type(value).__name__
    if kind == "DataFrame":
        if len(value.columns) > MOST_COLUMNS:
            raise NotData(f"a table of {len(value.columns):,} columns")
        columns = [_column(value.iloc[:, number]) for number in range(len(value.columns))]
        return [kind, _index(value.index), _index(value.columns), columns]
    if kind == "Series":
        return [kind, _index(value.index), _name(value.name), _column(value)]
    return ["Index", _index(value)]


def _name(name: Any) -> Any:
    if type(name) is tuple:
        return tuple(map(_name, name))
    if isinstance(name, np.generic):
        name = name.item()
    if type(name) not in NAMES:
        raise NotData(f"a name that is a `{type(name).__name__}` object")
    return name


def _column(value: Any) -> list[Any]:
    """The entries of a column or a flat index: how they are given, and themselves."""
    dtype = value.dtype
    if isinstance(dtype, np.dtype):
        if dtype.kind == "O":
            return ["objects", value.tolist()]
        return ["array", np.ascontiguousarray(value.to_numpy())]
    if dtype.name == "category":
        own = value.cat if hasattr(value, "cat") else value
        codes = np.asarray(own.codes, dtype=np.int64)
        return ["category", codes, _index(own.categories), bool(own.ordered)]
    if dtype.name in EXTENSIONS:
        missing = value.isna().tolist() if hasattr(value, "isna") else []
        entries = value.tolist()
        pairs = zip(entries, missing, strict=True)
        return [dtype.name, [None if is_missing else entry for entry, is_missing in pairs]]
    raise NotData(f"a column of {dtype}")


def _index(value: Any) -> list[Any]:
    kind = type(value).__name__
    if not is_frame(value):
        raise NotData(f"a `{kind}` object")
    if kind == "RangeIndex":
        return ["range", value.start, value.stop, value.step, _name(value.name)]
    if kind == "MultiIndex":
        if value.nlevels > MOST_COLUMNS:
            raise NotData("an index of many levels")
        codes = [np.asarray(each, dtype=np.int64) for each in value.codes]
        return ["levels", [*map(_index, value.levels)], codes, [*map(_name, value.names)]]
    frequency = getattr(value, "freqstr", None)
    return ["flat", _column(value), _name(value.name), frequency]


def made_of(parts: list[Any]) -> Any:
    """The table, column or index that such parts stand for.

    Raises:
        Malformed: they stand for none.
    """
    try:
        return _made(parts)
    except Malformed:
        raise
    except Exception as error:  # pandas raises many kinds of error for parts that do not fit
        raise Malformed(f"no proper table: {type(error).__name__}") from None


def factory_of(value: Any) -> Any:
    """What a defaultdict makes of missing items: the name of a class, or a function itself.

    None for any other dict, and for one without.
    """
    if type(value) is not defaultdict or value.default_factory is None:
        return None
    made = value.default_factory
    return next((name for name, each in FACTORIES.items() if each is made), made)


def whole_of(value: Any) -> tuple[str, Any] | None:
    """The name of a class of containers, and what one of its objects holds; None for any other."""
    if type(value) in (Counter, OrderedDict):
        return type(value).__name__, dict(value)
    return ("bytearray", bytes(value)) if type(value) is bytearray else None


def made_whole(parts: list[Any]) -> Any:
    """The object that such parts stand for.

    Raises:
        Malformed: they stand for none.
    """
    if len(parts) != 2 or type(parts[0]) is not str or parts[0] not in WHOLE:
        raise Malformed("no proper container")
    kind, wanted = WHOLE[parts[0]]
    if type(parts[1]) is not wanted:
        raise Malformed("no proper container")
    return kind(parts[1])


def made_with_default(parts: list[Any]) -> defaultdict[Any, Any]:
    """The defaultdict that such parts stand for. A function is one of the other side's.

    Raises:
        Malformed: they stand for none.
    """
    if len(parts) != 2 or type(parts[1]) is not dict:
        raise Malformed("no proper dict")
    made = FACTORIES.get(parts[0]) if type(parts[0]) is str else parts[0]
    if not callable(made):
        raise Malformed("a dict of an unknown default")
    return defaultdict(made, parts[1])


def _made(parts: list[Any]) -> Any:
    pandas = _pandas()
    kind, *rest = parts
    if kind == "DataFrame":
        index, columns, entries = rest
        made = _made_index(index)
        if len(entries) > MOST_COLUMNS:
            raise Malformed("a table of too many columns")
        given = {number: _made_column(each, len(made)) for number, each in enumerate(entries)}
        frame = pandas.DataFrame(given, index=range(len(made)))
        frame.index, frame.columns = made, _made_index(columns)
        return frame
    if kind == "Series":
        index, name, entries = rest
        made = _made_index(index)
        return pandas.Series(_made_column(entries, len(made)), index=made, name=_checked(name))
    if kind != "Index":
        raise Malformed("no such table")
    return _made_index(rest[0])


def _pandas() -> Any:
    return importlib.import_module("pandas")  # half a second, where nobody has imported it yet


def _checked(name: Any) -> Any:
    if type(name) is tuple:
        return tuple(map(_checked, name))
    if type(name) not in NAMES:
        raise Malformed("a name that is none")
    return name


def _made_column(parts: list[Any], count: int | None = None) -> Any:
    """The entries, as an array of NumPy's or pandas'."""
    pandas = _pandas()
    how, entries, *more = parts
    made: Any
    if how == "array" and type(entries) is np.ndarray and entries.ndim == 1:
        made = entries.copy()  # what came is a view of a frame
    elif how == "objects" and type(entries) is list:
        made = np.empty(len(entries), dtype=object)
        made[:] = entries
    elif how == "category" and type(entries) is np.ndarray and entries.ndim == 1:
        categories, is_ordered = more
        kinds = _made_index(categories)
        made = pandas.Categorical.from_codes(entries, kinds, ordered=bool(is_ordered))
    elif how in EXTENSIONS and type(entries) is list:
        made = pandas.array(entries, dtype=how)
    else:
        raise Malformed("entries that are none")
    if count is not None and len(made) != count:
        raise Malformed("columns of different lengths")
    return made


def _made_index(parts: list[Any]) -> Any:
    pandas = _pandas()
    how, *rest = parts
    if how == "range":
        start, stop, step, name = rest
        if not all(type(each) is int for each in (start, stop, step)):
            raise Malformed("a range of other parts")
        if len(range(start, stop, step)) > MAX_ITEMS:
            raise Malformed("an index that is too long")
        return pandas.RangeIndex(start, stop, step, name=_checked(name))
    if how == "levels":
        levels, codes, names = rest
        made = [_made_index(each) for each in levels]
        return pandas.MultiIndex(made, codes, names=[*map(_checked, names)])
    if how != "flat":
        raise Malformed("an index that is none")
    entries, name, frequency = rest
    values = _made_column(entries)
    # Without it, an index of objects would become one of what they are.
    kind = object if entries[0] == "objects" else None
    index = pandas.Index(values, dtype=kind, name=_checked(name))
    if type(frequency) is str:
        index = pandas.DatetimeIndex(index, freq=frequency) if index.dtype.kind == "M" else index
    return index


MAKERS = {ATOM: made_of, DEFAULTS: made_with_default, CONTAINER: made_whole}
