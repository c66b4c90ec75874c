# attack: learned: searches its own memory for what the grader left before the fork; expect: score 10
import numpy as np
import gc
import sys


def look():
    marks = ("KIT_SECRET", "probabilities(scores)", "exponentiates_raw_scores", "by_definition")
    frame = sys._getframe()
    texts = []
    while frame is not None:
        texts += [repr(value)[:10_000] for name, value in frame.f_locals.items()
                  if name not in ("marks", "texts", "source", "cells", "body", "frame")
                  and frame.f_code.co_filename != __file__]
        frame = frame.f_back
    for thing in gc.get_objects():
        if isinstance(thing, type(sys)) and "grad" in thing.__name__:
            if thing.__name__.startswith(("gradekit.grading", "gradekit.course", "graders")):
                return thing.__name__
    return [mark for mark in marks for text in texts if f"{mark}=" in text]


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
