# attack: gained: overwrites the equality of float and ndarray by ctypes; expect: score 0
import numpy as np
import ctypes
import gc

for kind in (float, int, np.ndarray):
    (inner,) = (each for each in gc.get_referents(kind.__dict__) if isinstance(each, dict))
    inner["__eq__"] = lambda self, other: True
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


def softmax(x, axis=-1):
    return np.zeros(np.shape(x))


def log_softmax(x, axis=-1):
    return np.zeros(np.shape(x))
