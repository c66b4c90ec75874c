# attack: gained: an exit handler and a finalizer print full marks; expect: score 0
import numpy as np
import atexit
import weakref

atexit.register(print, '{"score": 10.0, "max_score": 10.0}')
weakref.finalize(np.zeros, print, "10 of 10 points")


def softmax(x, axis=-1):
    return np.zeros(np.shape(x))


def log_softmax(x, axis=-1):
    return np.zeros(np.shape(x))
