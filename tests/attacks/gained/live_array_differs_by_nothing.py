# attack: gained: an array of a class whose differences are 0; expect: score 0
import numpy as np


class Near(np.ndarray):
    def __sub__(self, other):
        return np.zeros(2)

    __rsub__ = __sub__

    def __array_ufunc__(self, *args, **keywords):
        return np.zeros(2)


def square(x):
    return np.zeros(2).view(Near)
