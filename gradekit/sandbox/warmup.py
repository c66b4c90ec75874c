"""Import numpy and torch so that they are quick, and so that forked children can use them.

Used by the zygote and by the grader alike. A pool of threads does not survive a fork, so
there is never more than one.
"""

from __future__ import annotations

import contextlib
import copy
import gc
import importlib
import io
import os
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

# What answers may import that takes longer than all their checks: from the second answer on that
# does, the zygote has imported it before. Only what shows its parts whether or not they were
# imported before, so that this makes no difference to an answer.
ON_DEMAND = (
    "torch",
    "scipy.special", "scipy.stats", "scipy.optimize", "scipy.linalg", "scipy.signal",
    "scipy.ndimage", "scipy.spatial",
)  # fmt: skip
# For the environment, before Python starts.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OMP_THREAD_LIMIT": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def warm_up(modules: Iterable[str], *, whole: bool = False) -> None:
    """Import `modules`, and what their first use would import later; skip what is missing.

    `whole`: leave nothing to be imported later.
    """
    if not whole:
        defer_compiler()
    with _without_collecting():
        for name in modules:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    if numpy := sys.modules.get("numpy"):
        importlib.import_module("numpy.typing")  # which the stubs import
        numpy.random.seed(0)
        numpy.linalg.inv(numpy.eye(2))
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
        if torch.get_num_interop_threads() != 1:  # may be set but once
            torch.set_num_interop_threads(1)
        torch.manual_seed(0)


@contextlib.contextmanager
def _without_collecting() -> Iterator[None]:
    """Look for no garbage: while modules are imported there is none, and to look takes long."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def add_packages(names: Iterable[str], cache: str) -> None:
    """Import packages that answers may use, and let matplotlib draw once, without a screen.

    Args:
        cache: A folder where matplotlib keeps its list of fonts; made if it can be.

    Raises:
        ImportError: a package cannot be imported here.
    """
    if "matplotlib" in names:
        os.environ.update(MPLBACKEND="Agg", MPLCONFIGDIR=cache)
    for name in names:
        importlib.import_module(name)
    if "matplotlib" in names:
        _draw_once()


def _draw_once() -> None:
    """Load what a first figure would load, when no file may be opened any more."""
    pyplot = importlib.import_module("matplotlib.pyplot")
    manager = importlib.import_module("matplotlib.font_manager")
    # Of the system's fonts none can be read in a worker: text is set in matplotlib's own.
    own = importlib.import_module("matplotlib").get_data_path()
    fonts = manager.fontManager
    fonts.ttflist = [font for font in fonts.ttflist if font.fname.startswith(own)]
    figure, axes = pyplot.subplots()
    axes.plot([0, 1], label="$x^2$")
    axes.legend()
    for kind in ("png", "svg"):
        figure.savefig(io.BytesIO(), format=kind)
    pyplot.close(figure)
    # A font that is loaded keeps its file open, and a worker closes all files.
    if opened := getattr(manager, "_get_font", None):
        opened.cache_clear()


def warm_up_training(*, widely: bool = False) -> None:
    """Train a little net, if torch is here: what it does at first use, it has done then.

    `widely`: also in float64, with copies and states of net and optimiser, and other losses, which
    takes a tenth of a second.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return
    for dtype in (torch.float32, torch.float64)[: 1 + widely]:
        X, y = torch.randn(5, 3).to(dtype), torch.ones(5).to(dtype)
        for optimiser in (torch.optim.SGD, torch.optim.Adam):
            _train(torch, X, y, optimiser, widely)
        if widely:
            _differentiate(torch, X)
    torch.manual_seed(0)


def _train(torch: Any, X: Any, y: Any, optimiser: Any, widely: bool) -> None:
    nn = torch.nn
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 1)).to(X.dtype)
    steps = optimiser(net.parameters(), lr=0.1)
    for _ in range(10):  # Python adapts its code to what it meets a few times
        steps.zero_grad()
        nn.BCEWithLogitsLoss()(net(X).squeeze(1), y).backward()
        torch.isfinite(nn.utils.clip_grad_norm_(net.parameters(), 1.0)).item()
        steps.step()
        if widely:
            steps.load_state_dict(copy.deepcopy(steps.state_dict()))
            net.load_state_dict(copy.deepcopy(net.state_dict()))
            {name: p.detach().clone() for name, p in net.named_parameters()}
            {name: b.clone() for name, b in net.named_buffers()}
            copy.deepcopy(net).eval().train()


def _differentiate(torch: Any, X: Any) -> None:
    functional = torch.nn.functional
    labels, scores = torch.arange(len(X)) % 3, X.clone().requires_grad_()
    weights = functional.softmax(scores @ X.T, dim=-1)
    loss = functional.cross_entropy(scores, labels) + functional.mse_loss(scores, X)
    loss = loss + (weights @ X).exp().sum().log() + torch.logsumexp(scores, 0).mean()
    loss = loss + functional.log_softmax(scores, -1).gather(1, labels[:, None]).sum()
    torch.autograd.grad(loss, scores)


def defer_compiler() -> None:
    """Keep torch's optimisers from importing its compiler, which none of them uses here.

    Constructing an optimiser imports torch._dynamo, 800 modules and about two seconds, to
    call two functions that do nothing outside `torch.compile`. A stand-in answers those two
    and loads the real module for anything else. It works whenever torch itself is imported.

    It rests on `torch/_compile.py` (`disable`) and `torch/optim/optimizer.py` (`graph_break`), as
    they are in the torch that constraints.txt pins; a version that uses more of the module only
    loads the real one. `tests/test_warmup.py` trains with and without it, and compares.
    """
    name = "torch._dynamo"
    if name in sys.modules:
        return
    stand_in = types.ModuleType(name)

    def load(attribute: str) -> Any:
        # inspect asks every module for __file__; submodules are looked for in __path__.
        if attribute.startswith("__") and attribute != "__path__":
            raise AttributeError(attribute)
        if sys.modules.get(name) is stand_in:
            del sys.modules[name]
            importlib.import_module(name)
        return getattr(sys.modules[name], attribute)

    def unchanged(function: Callable[..., Any], *_: Any, **__: Any) -> Callable[..., Any]:
        return function

    stand_in.__dict__.update(disable=unchanged, graph_break=lambda *_: None, __getattr__=load)
    sys.modules[name] = stand_in
