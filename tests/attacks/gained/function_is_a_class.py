# attack: gained: softmax is a class whose instances pretend to be arrays; expect: softmax malformed, score 4
import numpy as np
class softmax(np.lib.mixins.NDArrayOperatorsMixin):
    def __init__(self, x, axis=-1):
        self.x = x

    def __array__(self, *args, **keywords):
        return np.asarray(self.x)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
