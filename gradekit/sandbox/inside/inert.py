"""Inert stand-ins for packages that draw, show progress, test or talk to a platform.

An answer may import them for code outside its functions, and there is no screen here. Only the
answer's own imports get a stand-in, and only where the real package is not installed.
"""

from __future__ import annotations

import builtins
import sys
import types
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

PACKAGES = frozenset(
    "matplotlib mpl_toolkits pylab matplotlib_inline seaborn plotly bokeh altair holoviews "
    "tqdm ipywidgets IPython google wandb mlflow tensorboard tensorboardX comet_ml neptune "
    "kaggle kaggle_secrets nest_asyncio watermark torchviz torchsummary torchinfo "
    "line_profiler memory_profiler "
    # What runs the tests of a course: cells that check an answer do nothing here.
    "otter okpy client nose pytest nbgrader plotchecker".split()
)
MODULES = frozenset(["matplotlib.pyplot", "tqdm.auto", "tqdm.notebook"])
TYPED = "kit__typed"  # the name by which a stdin says that a test has typed something
_made: dict[str, ModuleType] = {}  # so that `import a.b` and `from a import b` give one module


class Inert:
    """Takes every call, attribute and item, and gives another of its kind; shows nothing."""

    def __call__(self, *args: Any, **_: Any) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        # numpy, copy and pickle ask objects for __array__, __deepcopy__ and the like: an answer to
        # those would be taken for the real protocol.
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert()

    def __getitem__(self, _: Any) -> Any:
        return Inert()

    def __setitem__(self, *_: Any) -> None:
        pass

    # Without these two, iteration falls back on __getitem__, which never raises IndexError.
    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Progress:
    """tqdm without a bar: passes on what it is given, and counts."""

    def __init__(self, iterable: Any = None, *_: Any, total: Any = None, **__: Any) -> None:
        self.iterable, self.n = iterable, 0
        self.total = (
            total if total is not None or not hasattr(iterable, "__len__") else len(iterable)
        )

    def __iter__(self) -> Iterator[Any]:
        for each in self.iterable:
            yield each
            self.n += 1

    def __len__(self) -> int:
        return len(self.iterable) if self.iterable is not None else int(self.total or 0)

    def update(self, n: float = 1) -> None:
        self.n += n  # type: ignore[assignment]

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: None

    @classmethod
    def write(cls, text: object = "", *_: Any, **__: Any) -> None:
        print(text)

    pandas = classmethod(lambda cls, *_, **__: None)


def trange(*args: int, **keywords: Any) -> Progress:
    """tqdm's own short form."""
    return Progress(range(*args), **keywords)


class Figure(Inert):
    """A figure that nobody sees: its axes are there."""

    def __init__(self) -> None:
        self.axes: list[Axes] = []

    def add_subplot(self, *_: Any, **__: Any) -> Axes:
        return self._with(Axes(self))

    add_axes = gca = add_subplot

    def subplots(self, nrows: int = 1, ncols: int = 1, *, squeeze: bool = True, **_: Any) -> Any:
        """Axes in an array of the shape that matplotlib gives it."""
        import numpy as np

        axes = np.empty((nrows, ncols), dtype=object)
        for place in np.ndindex(axes.shape):
            axes[place] = self.add_subplot()
        if not squeeze:
            return axes
        return axes.item() if axes.size == 1 else axes.squeeze()

    def _with(self, axes: Axes) -> Axes:
        self.axes.append(axes)
        return axes


class Axes(Inert):
    """Axes that nobody sees: what its methods return is of matplotlib's types and lengths."""

    def __init__(self, figure: Figure | None = None) -> None:
        self.figure = Figure() if figure is None else figure

    def plot(self, *data: Any, **_: Any) -> list[Any]:
        """A line for each series: x and y in turn, each with a format behind it or not."""
        series = [each for each in data if not isinstance(each, str)]
        return [Inert() for _ in range(max((len(series) + 1) // 2, 1))]

    semilogx = semilogy = loglog = plot

    def bar(self, x: Any, *_: Any, **__: Any) -> list[Any]:
        """A rectangle for each bar."""
        return [Inert() for _ in range(len(x) if hasattr(x, "__len__") else 1)]

    barh = bar

    def hist(self, x: Any, bins: Any = None, *_: Any, **keywords: Any) -> tuple[Any, Any, Any]:
        """The counts and edges that numpy counts, as matplotlib does."""
        import numpy as np

        counts, edges = np.histogram(x, 10 if bins is None else bins, keywords.get("range"),
                                     density=keywords.get("density"))  # fmt: skip
        return counts.astype(float), edges, [Inert() for _ in counts]

    def hist2d(self, x: Any, y: Any, bins: Any = 10, **_: Any) -> tuple[Any, Any, Any, Any]:
        """The counts and edges that numpy counts."""
        import numpy as np

        return *np.histogram2d(x, y, bins), Inert()

    def pie(self, x: Any, *_: Any, autopct: Any = None, **__: Any) -> tuple[list[Any], ...]:
        """Wedges and labels, and numbers where they were asked for."""
        return tuple([Inert() for _ in x] for _ in range(2 if autopct is None else 3))

    def boxplot(self, x: Any, *_: Any, **__: Any) -> dict[str, list[Any]]:
        """The parts of each box."""
        nested = hasattr(x, "__len__") and len(x) and hasattr(x[0], "__len__")
        count = len(x) if nested else 1
        parts = {"whiskers": 2, "caps": 2, "boxes": 1, "medians": 1, "fliers": 1}
        made = {name: [Inert() for _ in range(each * count)] for name, each in parts.items()}
        return {**made, "means": []}

    def axis(self, *_: Any, **__: Any) -> tuple[float, float, float, float]:
        """The limits of both axes."""
        return (0.0, 1.0, 0.0, 1.0)

    def get_xlim(self, *limits: Any, **_: Any) -> tuple[float, float]:
        """The limits, those that were set where they were."""
        pair = limits[0] if len(limits) == 1 and isinstance(limits[0], tuple | list) else limits
        return (float(pair[0]), float(pair[1])) if len(pair) == 2 else (0.0, 1.0)

    get_ylim = set_xlim = set_ylim = get_xlim

    def twinx(self) -> Axes:
        return Axes(self.figure)

    twiny = twinx

    def get_figure(self) -> Figure:
        return self.figure


def subplots(nrows: int = 1, ncols: int = 1, *_: Any, squeeze: bool = True, **__: Any) -> Any:
    """A figure and its axes."""
    figure = Figure()
    return figure, figure.subplots(nrows, ncols, squeeze=squeeze)


def nothing(*_: Any, **__: Any) -> None:
    """What shows, saves or closes gives nothing back."""


def ticks(*_: Any, **__: Any) -> tuple[Any, list[Any]]:
    """Places of the ticks and their labels."""
    import numpy as np

    return np.linspace(0.0, 1.0, 6), [Inert() for _ in range(6)]


_axes = Axes()
PYPLOT: dict[str, Any] = {
    "subplots": subplots, "figure": lambda *_, **__: Figure(), "gcf": lambda: Figure(),
    "gca": lambda *_, **__: Axes(), "subplot": lambda *_, **__: Axes(),
    "axes": lambda *_, **__: Axes(), "twinx": _axes.twinx,
    **{name: getattr(_axes, name) for name in (
        "plot", "semilogx", "semilogy", "loglog", "bar", "barh", "hist", "hist2d", "pie",
        "boxplot", "axis")},
    "xlim": _axes.get_xlim, "ylim": _axes.get_ylim, "xticks": ticks, "yticks": ticks,
    **dict.fromkeys(
        ("show", "savefig", "close", "tight_layout", "grid", "clf", "cla", "ion", "ioff", "draw",
         "subplots_adjust", "pause"), nothing),
}  # fmt: skip


def display(*objects: Any, **_: Any) -> None:
    """Print, as IPython does where there is nothing better to show."""
    for each in objects:
        print(repr(each))


class Rich(Inert):
    """What IPython.display wraps: keeps its data."""

    def __init__(self, data: Any = None, *_: Any, **__: Any) -> None:
        self.data = data


KNOWN: dict[str, dict[str, Any]] = {
    "tqdm": {"tqdm": Progress, "trange": trange, "tqdm_notebook": Progress, "tnrange": trange},
    "matplotlib": PYPLOT,
    "pylab": PYPLOT,
    "IPython": {
        "display": display, "HTML": Rich, "Markdown": Rich, "Image": Rich, "Math": Rich,
        "Latex": Rich, "clear_output": lambda *_, **__: None, "get_ipython": lambda: None,
    },
}  # fmt: skip


class StandIn(ModuleType):
    """A module in which everything is there, and does nothing."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []  # makes it a package, whose submodules may be imported
        self.__dict__["__version__"] = "0"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if (made := _made.get(f"{self.__name__}.{name}")) is not None:
            return made
        if (path := f"{self.__name__}.{name}") in MODULES:
            return stand_in(path)
        known = KNOWN.get(self.__name__.partition(".")[0], {})
        return known[name] if name in known else Inert()


def stand_in(name: str) -> ModuleType:
    """The stand-in of a module, with those of the packages that it lies in."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        path = ".".join(parts[:end])
        if path not in _made:
            _made[path] = StandIn(path)
    return _made[name]


def importer(real: Callable[..., Any]) -> Callable[..., Any]:
    """`__import__` for the answer's own import statements."""

    # Not a finder on sys.meta_path: libraries that try `import matplotlib` and do without it would
    # get the stand-in as well, and believe it.
    def own_import(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        if level == 1 and not _package_of(globals):
            return _from_beside(real, name, globals, locals, fromlist)
        try:
            return real(name, globals, locals, fromlist, level)
        except ModuleNotFoundError as error:
            # Where a package is there and lacks a part, or imports what is missing, the error is
            # the answer's to see. A relative import (`level`) never means one of these packages.
            top = name.partition(".")[0]
            if level or top not in PACKAGES or (error.name or "").partition(".")[0] != top:
                raise
        made = stand_in(name)
        # As __import__ does: `import a.b` binds `a`, `from a.b import c` looks into `a.b`.
        return made if fromlist else stand_in(top)

    return own_import


def _package_of(namespace: Any) -> str:
    """The package of the module that imports; empty for an answer, which is in none."""
    told = namespace or {}
    spec = told.get("__spec__")
    parent = told.get("__package__") or (spec.parent if spec is not None else "")
    return parent or (told.get("__name__", "") if "__path__" in told else "")


def _from_beside(
    real: Callable[..., Any], name: str, namespace: Any, names: Any, fromlist: Any
) -> Any:
    """`from .name import ...`, or `from . import ...`: where it was written, this lay in a package.

    Here the modules of that package lie beside the answer.
    """
    if name:
        return real(name, namespace, names, fromlist, 0)
    return types.SimpleNamespace(**{each: real(each, namespace, names) for each in fromlist})


def own_builtins(**more: Any) -> dict[str, Any]:
    """The builtins of an answer: Python's, with an import that knows the stand-ins."""
    own = {"__import__": importer(builtins.__import__), "input": read_line}
    return {**vars(builtins), **own, **more}


def read_line(prompt: object = "", /) -> str:
    """`input`, which reads what a test has typed; see grading/originals/keyboard.py.

    One function for all, so that an answer's `def play(ask=input)` reads it as well.
    """
    if not getattr(sys.stdin, TYPED, False):
        return builtins.input(prompt)
    print(prompt, end="")
    line = sys.stdin.readline()
    if not line:
        raise EOFError("EOF when reading a line")
    return line.removesuffix("\n")
