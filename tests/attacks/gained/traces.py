# attack: gained: a trace and a profile function rewrite what functions return; expect: score 0
import numpy as np
import sys


def trace(frame, event, argument):
    frame.f_locals["expected"] = frame.f_locals.get("actual")
    return trace


sys.settrace(trace)
sys.setprofile(trace)


def softmax(x, axis=-1):
    return np.zeros(np.shape(x))


def log_softmax(x, axis=-1):
    return np.zeros(np.shape(x))
