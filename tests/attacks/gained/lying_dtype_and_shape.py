# attack: gained: an ndarray subclass claims another shape and dtype than it has; expect: score 0
import numpy as np
class Liar(np.ndarray):
    shape = property(lambda self: (4,))
    dtype = property(lambda self: np.dtype("float64"))
    size = property(lambda self: 4)
    ndim = property(lambda self: 1)


def softmax(x, axis=-1):
    return np.zeros((1000, 1000), dtype=np.int8).view(Liar)


log_softmax = softmax
