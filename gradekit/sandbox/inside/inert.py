"""Inert stand-ins for packages that draw, show progress or talk to a platform.

An answer may import them for code outside its functions, and there is no screen here. Only the
answer's own imports get a stand-in, and only where the real package is not installed.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

PACKAGES = frozenset(
    "matplotlib mpl_toolkits pylab matplotlib_inline seaborn plotly bokeh altair holoviews "
    "tqdm ipywidgets IPython google wandb mlflow tensorboard tensorboardX comet_ml neptune "
    "kaggle kaggle_secrets nest_asyncio watermark torchviz torchsummary torchinfo "
    "line_profiler memory_profiler".split()
)
MODULES = frozenset(["matplotlib.pyplot", "tqdm.auto", "tqdm.notebook"])
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


def subplots(nrows: int = 1, ncols: int = 1, *_: Any, squeeze: bool = True, **__: Any) -> Any:
    """A figure and its axes, in an array of the shape that matplotlib gives it."""
    import numpy as np

    axes = np.empty((nrows, ncols), dtype=object)
    for place in np.ndindex(axes.shape):
        axes[place] = Inert()
    if not squeeze:
        return Inert(), axes
    return Inert(), axes.item() if axes.size == 1 else axes.squeeze()


def plot(*data: Any, **_: Any) -> list[Any]:
    """One line, as most plots have."""
    return [Inert()]


def hist(x: Any, bins: Any = None, *_: Any, **keywords: Any) -> tuple[Any, Any, Any]:
    """The counts and edges that numpy counts, as matplotlib does."""
    import numpy as np

    counts, edges = np.histogram(x, 10 if bins is None else bins, keywords.get("range"),
                                 density=keywords.get("density"))  # fmt: skip
    return counts.astype(float), edges, [Inert() for _ in counts]


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
    "matplotlib": {"subplots": subplots, "plot": plot, "hist": hist},
    "pylab": {"subplots": subplots, "plot": plot, "hist": hist},
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

    def own_import(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
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


def own_builtins(**more: Any) -> dict[str, Any]:
    """The builtins of an answer: Python's, with an import that knows the stand-ins."""
    return {**vars(builtins), "__import__": importer(builtins.__import__), **more}
