# attack: gained: returns an ndarray subclass whose comparisons are always true; expect: score 0
import numpy as np
class Agreeable(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, dtype=bool)

    def __sub__(self, other):
        return np.zeros(self.shape)

    __rsub__ = __sub__

    def __array_ufunc__(self, *args, **keywords):
        return np.ones(self.shape, dtype=bool)

    def __array_function__(self, *args, **keywords):
        return True

    def all(self, *args, **keywords):
        return True


def softmax(x, axis=-1):
    return np.zeros(np.shape(x)).view(Agreeable)


log_softmax = softmax
