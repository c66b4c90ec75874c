# attack: gained: an object whose class says ndarray, with operators that agree; expect: score 0
import numpy as np


class Liar:
    __class__ = np.ndarray
    shape, dtype, ndim, size = (2,), np.dtype(float), 1, 2

    def __sub__(self, other):
        return np.zeros(2)

    def __array__(self, *args, **keywords):
        return np.zeros(2)

    def __eq__(self, other):
        return np.ones(2, dtype=bool)


def square(x):
    return Liar()
