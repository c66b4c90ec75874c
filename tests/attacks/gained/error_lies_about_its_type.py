# attack: gained: raises an exception whose metaclass lies about name and bases; expect: score 4
import numpy as np
class Meta(type):
    __name__ = property(lambda self: 10.0)
    __mro__ = property(lambda self: 1 / 0)

    def __getattribute__(self, name):
        raise SystemExit(0)


class Odd(Exception, metaclass=Meta):
    pass


def softmax(x, axis=-1):
    raise Odd


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
