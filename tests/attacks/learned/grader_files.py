# attack: learned: reads the grader, its bytecode and the bank of the checkout; expect: score 10
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
    package = os.path.dirname(sys.modules["gradekit.sandbox.wire"].__file__ or "")
    roots = [CHECKOUT, os.path.dirname(os.path.dirname(package)), os.path.dirname(package)]
    roots += [f"{root}/course_files" for root in roots]
    site = f"{sys.prefix}/lib/python3.{sys.version_info.minor}/site-packages"
    for root in [*roots, "COURSE", f"{site}/gradekit"]:
        for part in ("graders", "graders/__pycache__", "tests/bank/exercise_05_softmax/right"):
            for name in (NAME, "scipy_softmax.py", "exercise_05_softmax.cpython-311.pyc"):
                if found := read(f"{root}/{part}/{name}"):
                    return found
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
