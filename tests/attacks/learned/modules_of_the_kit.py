# attack: learned: imports the parts of gradekit that know graders; expect: score 10
import numpy as np
import importlib


def look():
    for name in ("gradekit.grading", "gradekit.course", "gradekit.report", "gradekit.commands",
                 "pytest", "_pytest", "hypothesis", "nbgrader", "graders.exercise_05_softmax"):
        try:
            return importlib.import_module(name).__name__
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
