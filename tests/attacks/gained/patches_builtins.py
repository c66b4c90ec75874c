# attack: gained: all, any, isinstance, len and AssertionError of builtins are replaced; expect: score 0
import numpy as np
import builtins

builtins.all = builtins.any = lambda *args: True
builtins.abs = lambda value: 0.0
builtins.AssertionError = type("AssertionError", (Warning,), {})


def softmax(x, axis=-1):
    return np.zeros(np.shape(x))


def log_softmax(x, axis=-1):
    return np.zeros(np.shape(x))
