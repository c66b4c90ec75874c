# attack: gained: returns an object that equals, contains and converts to everything; expect: softmax malformed, log_softmax malformed, score 0
import numpy as np
class Everything:
    shape, dtype, ndim, size = (4,), np.dtype(float), 1, 4

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **keywords):
        return self

    def __float__(self):
        return 1.0

    def __len__(self):
        return 4

    def __array__(self, *args, **keywords):
        return np.ones(4)

    __hash__ = None


def softmax(x, axis=-1):
    return Everything()


log_softmax = softmax
