# attack: learned: reads the solution, imports it, runs it; expect: score 10
import numpy as np
import os
import sys


def read(path):
    """What can be read of a file, by several means."""
    for reader in (
        lambda: open(path, "rb").read(100),
        lambda: os.read(os.open(path, os.O_RDONLY), 100),
        lambda: np.fromfile(path, dtype=np.uint8, count=10).tobytes(),
        lambda: np.memmap(path, mode="r")[:10].tobytes(),
    ):
        try:
            if found := reader():
                return path, found
        except Exception:
            pass
    return None


CHECKOUT = os.path.dirname(os.path.dirname(sys.prefix + "/"))
NAME = "exercise_05_softmax.py"


def look():
    for root in (CHECKOUT, "COURSE", "..", ".", "../.."):
        if found := read(f"{root}/solutions/{NAME}"):
            return found
        sys.path.insert(0, f"{root}/solutions")
    try:
        import exercise_05_softmax as other

        if "log_softmax" in vars(other) and other is not sys.modules[__name__]:
            return other
    except ImportError:
        pass
    return None


found = None
try:
    found = look()
except BaseException:
    pass


def softmax(x, axis=-1):
    here = None
    try:
        here = look()
    except BaseException:
        pass
    if found or here:
        raise RuntimeError(f"LEAK {found!r} {here!r}")
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
