"""Classes of Python and of libraries that both sides know by name, and special methods.

A worker tells of what it keeps by these names; a name that is not here means nothing. So no
class is ever looked up by a name that an answer made up.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import importlib
import sys
from collections.abc import Mapping

ERRORS = (
    "ArithmeticError AssertionError AttributeError BlockingIOError BrokenPipeError BufferError "
    "ConnectionError EOFError Exception FileExistsError FileNotFoundError FloatingPointError "
    "ImportError IndentationError IndexError InterruptedError IsADirectoryError KeyError "
    "LookupError MemoryError ModuleNotFoundError NameError NotADirectoryError "
    "NotImplementedError OSError OverflowError PermissionError ProcessLookupError RecursionError "
    "ReferenceError RuntimeError StopAsyncIteration StopIteration SyntaxError TimeoutError "
    "TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError "
    "UnicodeTranslateError ValueError ZeroDivisionError "
    "Warning DeprecationWarning FutureWarning RuntimeWarning UserWarning"
).split()
# Classes of data: what an object of a subclass holds can travel as such data, and be compared.
VIEWED = "bool bytearray bytes complex dict float frozenset int list set str tuple".split()
OTHERS = (
    "type object slice range memoryview property staticmethod classmethod super enumerate zip map "
    "filter reversed"
).split()
# Looked up only where the module is loaded already: to name torch.Tensor must not import torch.
LIBRARIES = (
    "collections.Counter collections.OrderedDict collections.defaultdict collections.deque "
    "collections.UserDict collections.UserList collections.UserString abc.ABC "
    "enum.Enum enum.IntEnum enum.Flag enum.IntFlag enum.StrEnum "
    "datetime.date datetime.datetime datetime.time datetime.timedelta "
    "decimal.Decimal fractions.Fraction numbers.Number pathlib.Path pathlib.PurePath re.Pattern "
    "dataclasses.FrozenInstanceError json.JSONDecodeError statistics.StatisticsError "
    "decimal.InvalidOperation decimal.DivisionByZero binascii.Error re.error csv.Error "
    "struct.error queue.Empty queue.Full asyncio.QueueEmpty asyncio.QueueFull "
    "asyncio.InvalidStateError sqlite3.Error sqlite3.DatabaseError sqlite3.OperationalError "
    "sqlite3.IntegrityError sqlite3.ProgrammingError configparser.Error "
    "configparser.NoSectionError configparser.NoOptionError argparse.ArgumentError "
    "argparse.ArgumentTypeError graphlib.CycleError tomllib.TOMLDecodeError "
    "xml.etree.ElementTree.ParseError zoneinfo.ZoneInfoNotFoundError urllib.error.URLError "
    "urllib.error.HTTPError "
    "types.FunctionType types.MethodType types.BuiltinFunctionType types.GeneratorType "
    "types.ModuleType types.SimpleNamespace functools.partial threading.Thread json.JSONEncoder "
    "numpy.ndarray numpy.linalg.LinAlgError numpy.random.Generator numpy.random.RandomState "
    "torch.Tensor torch.nn.Parameter torch.nn.Module torch.nn.ModuleList torch.nn.ModuleDict "
    "torch.nn.Sequential torch.nn.Linear torch.nn.Embedding torch.nn.Conv1d torch.nn.Conv2d "
    "torch.nn.LayerNorm torch.nn.BatchNorm1d torch.nn.BatchNorm2d torch.nn.Dropout torch.nn.ReLU "
    "torch.nn.GELU torch.nn.Identity torch.nn.Flatten torch.nn.Softmax torch.nn.MultiheadAttention "
    "torch.nn.LSTM torch.nn.GRU torch.nn.RNN "
    "torch.optim.Optimizer torch.optim.SGD torch.optim.Adam torch.optim.AdamW "
    "torch.optim.lr_scheduler.LRScheduler "
    "torch.utils.data.Dataset torch.utils.data.DataLoader torch.utils.data.Sampler "
    "torch.device torch.dtype torch.Generator "
    "sklearn.base.BaseEstimator pandas.DataFrame pandas.Series pandas.Index "
    "pandas.core.groupby.DataFrameGroupBy pandas.core.groupby.SeriesGroupBy "
    "matplotlib.figure.Figure matplotlib.axes.Axes matplotlib.artist.Artist "
    "matplotlib.lines.Line2D matplotlib.text.Text matplotlib.legend.Legend "
    "matplotlib.patches.Patch matplotlib.patches.Rectangle matplotlib.patches.Wedge "
    "matplotlib.collections.Collection matplotlib.collections.PathCollection "
    "matplotlib.collections.LineCollection matplotlib.image.AxesImage "
    "networkx.Graph networkx.DiGraph"
).split()

# Modules all of whose classes are known; loaded once an answer tells of one.
MODULES = (
    "torch.nn torch.optim torch.optim.lr_scheduler torch.utils.data "
    "sklearn.cluster sklearn.compose sklearn.decomposition sklearn.dummy sklearn.ensemble "
    "sklearn.feature_extraction.text sklearn.feature_selection sklearn.gaussian_process "
    "sklearn.impute sklearn.linear_model sklearn.manifold sklearn.mixture sklearn.model_selection "
    "sklearn.naive_bayes sklearn.neighbors sklearn.neural_network sklearn.pipeline "
    "sklearn.preprocessing sklearn.svm sklearn.tree"
).split()

_BINARY = "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and xor or".split()
IN_PLACE = [name for name in _BINARY if name != "divmod"]
OPERATORS = [
    *(f"__{name}__" for name in _BINARY),
    *(f"__r{name}__" for name in _BINARY),
    *(f"__i{name}__" for name in IN_PLACE),
]
CONVERSIONS = frozenset({"__int__", "__float__", "__complex__", "__index__"})
# Special methods that a handle passes on, if the class has them.
SPECIAL = frozenset([
    *OPERATORS,
    *"""__neg__ __pos__ __abs__ __invert__ __round__ __trunc__ __floor__ __ceil__
    __int__ __float__ __complex__ __index__ __str__ __repr__ __format__ __bytes__
    __len__ __getitem__ __setitem__ __delitem__ __iter__ __next__ __reversed__
    __call__ __enter__ __exit__ __fspath__ __array__
    __aenter__ __aexit__ __aiter__ __anext__""".split(),
])  # fmt: skip
# Beside them, for a class whose objects have no hash: one that defines `__eq__` alone.
UNHASHABLE = "unhashable"
# And for one that compares, holds or has a truth in its own way.
OWN_WAYS = {
    "own ==": ("__eq__",),
    "own in": ("__contains__",),
    "own order": ("__lt__", "__le__", "__gt__", "__ge__"),
    "own truth": ("__bool__", "__len__"),
}
COMPARES, HOLDS, ORDERS, HAS_TRUTH = OWN_WAYS
# Those by which an object judges a check itself, asked only where the course's solution has them.
JUDGING = frozenset(
    "__eq__ __ne__ __lt__ __le__ __gt__ __ge__ __bool__ __contains__ __hash__".split()
)
# What makes an array of an object: passed on only where the solution has it, too.
AS_ARRAY = "__array__"
# Other names with two underscores that may be asked for.
READABLE = frozenset(
    "__name__ __qualname__ __doc__ __code__ __dict__ __annotations__ __wrapped__ __slots__ "
    "__closure__ __defaults__ __kwdefaults__ __self__ __func__ __members__ "
    "__dataclass_fields__ __dataclass_params__ __version__ __all__ __match_args__ "
    "__abstractmethods__ __isabstractmethod__ __post_init__ __init__ "
    "__sklearn_tags__ __sklearn_clone__ __sklearn_is_fitted__ "
    "__total__ __required_keys__ __optional_keys__".split()
)


# What a number of `Given` means beside functions of the check, which are counted from 1: its
# objects, iterators, those that can be called, those that stand for an attribute (PropertyMock),
# coroutines, exceptions of its own that the answer has met, their classes, what both sides hold
# (sandbox/inside/lasting.py), and what stands in this frame already.
(
    LENT, LENT_ITERATOR, LENT_FUNCTION, LENT_PROPERTY, LENT_COROUTINE, RAISED, RAISED_CLASS,
    LASTING, REPEATED,
) = (n * 1_000_000 for n in range(1, 10))  # fmt: skip
# Special methods of a check's object that the answer may use.
OF_LENT = frozenset(
    "__init__ __enter__ __exit__ __iter__ __next__ __len__ __bool__ __contains__ __getitem__ "
    "__setitem__ __delitem__ __aenter__ __aexit__ __aiter__".split()
)

# What an answer may put its own in place of, in `sys`.
STREAMS = ("stdout",)

OWN_PICKLING = ("__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__", "__slots__")


def is_plain_class(kind: type) -> bool:
    """Whether objects of a class consist of their attributes, and are pickled by them alone."""
    by_attributes = all(
        getattr(kind, name) is getattr(object, name) for name in ("__reduce_ex__", "__reduce__")
    )
    bases = kind.__mro__[:-1]  # without `object`
    own = any(name in vars(base) for base in bases for name in OWN_PICKLING)
    holds_data = any(base.__module__ == "builtins" for base in bases)  # a list's items, say
    return by_attributes and not own and not holds_data and kind.__dictoffset__ != 0


def known_classes() -> Mapping[str, type]:
    """The classes by their names, as far as their modules are loaded."""
    return _known(len(sys.modules))


@functools.lru_cache(maxsize=2)
def _known(loaded: int) -> dict[str, type]:
    """As `known_classes`; `loaded` makes the cache look again once more modules are loaded."""
    found = {name: getattr(builtins, name) for name in [*ERRORS, *VIEWED, *OTHERS]}
    for path in LIBRARIES:
        module, _dot, attribute = path.rpartition(".")
        if module in sys.modules:
            kind = getattr(sys.modules[module], attribute, None)
            if isinstance(kind, type):
                found[path] = kind
    there = {*found.values()}
    for path in MODULES:
        for name, kind in vars(sys.modules[path]).items() if path in sys.modules else ():
            if isinstance(kind, type) and kind not in there and _is_of(kind, name, path):
                found[f"{path}.{name}"] = kind
                there.add(kind)
    return found


def _is_of(kind: type, name: str, path: str) -> bool:
    """Whether a module offers a class as one of its library's own."""
    library, _, _ = path.partition(".")
    return name == kind.__name__ and kind.__module__.partition(".")[0] == library


def known_class(path: str) -> type | None:
    """The class of a name; its module is loaded for that, if it is one of a library's."""
    if (found := known_classes().get(path)) is None:
        module = path.rpartition(".")[0]
        if module in MODULES or path in LIBRARIES:
            with contextlib.suppress(ImportError):
                importlib.import_module(module)
            found = known_classes().get(path)
    return found


def names_of_known() -> Mapping[type, str]:
    """The names by their classes."""
    return _named(len(sys.modules))


@functools.lru_cache(maxsize=2)
def _named(loaded: int) -> dict[type, str]:
    return {kind: name for name, kind in _known(loaded).items()}
