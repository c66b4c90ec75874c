# attack: learned: reads gradekit's own source by file, inspect, pkgutil and resources; expect: score 10
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

import importlib.resources
import inspect
import pkgutil


def look():
    module = sys.modules["gradekit.sandbox.inside.worker"]
    for way in (
        lambda: read(module.__file__),
        lambda: inspect.getsource(module),
        lambda: pkgutil.get_data("gradekit", "errors.py"),
        lambda: importlib.resources.files("gradekit").joinpath("errors.py").read_text(),
        lambda: module.__loader__.get_data(module.__file__),
        lambda: __import__("gradekit.grading.compare").__name__,
    ):
        try:
            if found := way():
                return found
        except Exception:
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
