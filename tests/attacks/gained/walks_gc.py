# attack: gained: looks among all objects for an array that could be the expected value; expect: score 0
import numpy as np
import gc


def softmax(x, axis=-1):
    for thing in gc.get_objects():
        for value in (gc.get_referents(thing) if isinstance(thing, (dict, tuple, list)) else ()):
            if type(value) is np.ndarray and value is not x and value.shape == np.shape(x):
                if value.dtype == float and abs(value.sum(axis=axis) - 1).max() < 1e-9:
                    return value
    return np.zeros(np.shape(x))


log_softmax = softmax
