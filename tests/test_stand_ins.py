"""Stand-ins for plots and progress bars give an answer's own code what the real packages give it.

Each idiom runs with the real package, drawing without a screen, and with the stand-in: what it
returns has to be of the same type, length and numbers.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradekit.sandbox.inside import inert

Outline = Any

PYPLOT = """
plt.plot([1, 2, 3])
len(plt.plot([1, 2, 3]))
len(plt.plot([1, 2], [3, 4], "r--"))
len(plt.plot([1, 2], [3, 4], [1, 2], [5, 6]))
len(plt.plot([1, 2], [3, 4], "b", [1, 2], [5, 6], "g"))
[line for line in plt.plot([1, 2])][0]
plt.semilogy([1, 10, 100])
plt.loglog([1, 10], [1, 10])
plt.scatter([1, 2], [3, 4], c=[0, 1])
plt.bar(["a", "b", "c"], [1, 2, 3])
len(plt.bar(range(4), range(4)))
plt.barh([0, 1], [2, 3])
plt.hist([1, 2, 2, 3])
plt.hist([1, 2, 2, 3], bins=5)
plt.hist([1, 2, 2, 3], bins=3, density=True)
plt.hist([1, 2, 2, 3], bins=[0, 2, 4])[0].sum()
plt.hist(np.arange(10), 4, range=(0, 8))[1]
plt.hist2d([1, 2, 3], [1, 2, 3], bins=2)
[len(part) for part in plt.pie([1, 2, 3])]
[len(part) for part in plt.pie([1, 2, 3], autopct="%d")]
sorted(plt.boxplot([1, 2, 3]))
len(plt.boxplot([[1, 2], [3, 4]])["whiskers"])
plt.imshow(np.eye(3))
plt.fill_between([0, 1], [0, 1])
plt.axhline(0.5)
plt.axvline(0.5, color="k")
plt.title("loss")
plt.xlabel("epoch")
plt.ylabel("loss")
plt.suptitle("all")
plt.text(0, 0, "here")
plt.annotate("here", (0, 0))
plt.grid(True)
plt.tight_layout()
plt.show()
plt.savefig(io.BytesIO())
plt.close()
plt.close("all")
plt.clf()
plt.axis()
plt.axis([0, 1, 0, 1])
plt.xlim()
plt.ylim()
plt.xlim(0, 5)
plt.ylim((-1, 1))
plt.xticks()[0]
plt.figure(figsize=(4, 3))
plt.gcf()
plt.gca()
plt.subplot(1, 2, 1)
plt.subplots()
len(plt.subplots())
plt.subplots(2, 3)[1].shape
plt.subplots(1, 3)[1].shape
plt.subplots(3)[1].shape
plt.subplots(1, 1, squeeze=False)[1].shape
len(plt.subplots(2, 2)[1].flatten())
len(plt.subplots(1, 2)[0].axes)
plt.subplots()[1].plot([1, 2])
len(plt.subplots()[1].plot([1, 2], [2, 3], [3, 4], [4, 5]))
plt.subplots()[1].hist([1, 2, 3], bins=2)
plt.subplots()[1].bar([1, 2], [3, 4])
len(list(plt.subplots()[1].pie([1, 1])))
plt.subplots()[1].scatter([1], [2])
plt.subplots()[1].imshow(np.eye(2))
plt.subplots()[1].set_title("a")
plt.subplots()[1].get_xlim()
plt.subplots()[1].set_xlim(0, 2)
plt.subplots()[1].set_ylim((1, 3))
plt.subplots()[1].axis()
plt.subplots()[1].twinx()
plt.subplots()[1].twinx().plot([1])
plt.subplots()[1].get_figure()
plt.subplots()[1].figure.add_subplot(2, 2, 1)
plt.figure().add_subplot().plot([1, 2])
plt.figure().add_axes([0, 0, 1, 1])
plt.figure().subplots(2, 2).shape
[ax.plot([1]) for ax in plt.subplots(1, 2)[1]]
[len(ax.plot([1])) for row in plt.subplots(2, 2)[1] for ax in row]
"""
TQDM = """
list(tqdm([1, 2, 3]))
list(tqdm(range(4), desc="epochs"))
len(tqdm([1, 2, 3]))
len(tqdm(range(7), leave=False))
list(trange(3))
len(trange(5, desc="x"))
[n * n for n in tqdm((1, 2))]
list(enumerate(tqdm("ab")))
list(zip(tqdm([1, 2]), "ab"))
tqdm(total=10).total
tqdm([1, 2]).total
tqdm(total=10).n
tqdm([1, 2]).set_description("x")
tqdm([1, 2]).set_postfix(loss=1)
tqdm(total=3).close()
tqdm(total=3).refresh() and None
sum(tqdm([1, 2, 3]))
tqdm.pandas()
"""


def outline(value: Any) -> Outline:
    """What an answer can tell of a value that is no picture: its kind, length and numbers."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float | np.number):
        return pytest.approx(float(value))
    if isinstance(value, np.ndarray):
        return value.shape, [outline(each) for each in value.ravel()]
    if isinstance(value, dict):
        return {key: outline(each) for key, each in value.items()}
    if isinstance(value, list | tuple):  # also those of matplotlib's own classes
        return [outline(each) for each in value]
    return "an object"


def names_with(pyplot: Any, tqdm: Any, trange: Callable[..., Any]) -> dict[str, Any]:
    return {"plt": pyplot, "tqdm": tqdm, "trange": trange, "np": np, "io": io}


STAND_INS = names_with(
    inert.stand_in("matplotlib.pyplot"),
    inert.stand_in("tqdm").tqdm,
    inert.stand_in("tqdm").trange,
)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("idiom", PYPLOT.strip().splitlines())
def test_plots_return_what_matplotlib_returns(idiom: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Types, lengths and numbers, as under Agg."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    import matplotlib.pyplot as real

    real.close("all")
    wanted = outline(eval(idiom, names_with(real, None, range)))
    real.close("all")
    assert outline(eval(idiom, STAND_INS)) == wanted


@pytest.mark.parametrize("idiom", TQDM.strip().splitlines())
def test_bars_pass_on_what_tqdm_passes_on(idiom: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is iterated over, how long it is, and what the methods give back."""
    tqdm = pytest.importorskip("tqdm")
    monkeypatch.setattr(sys, "stderr", io.StringIO())  # where it draws
    wanted = outline(eval(idiom, names_with(None, tqdm.tqdm, tqdm.trange)))
    assert outline(eval(idiom, STAND_INS)) == wanted
