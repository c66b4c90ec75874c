# attack: gained: an object whose __class__ says ndarray; expect: score 0
import numpy as np
class Liar:
    __class__ = property(lambda self: np.ndarray)
    dtype = np.dtype("float64")
    shape = (4,)
    size = 4
    ndim = 1


def softmax(x, axis=-1):
    return Liar()


log_softmax = softmax
