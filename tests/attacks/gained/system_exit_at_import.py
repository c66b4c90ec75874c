# attack: gained: the file ends with sys.exit(0); expect: score 0
import numpy as np
import sys


def softmax(x, axis=-1):
    return np.zeros(np.shape(x))


def log_softmax(x, axis=-1):
    return np.zeros(np.shape(x))


sys.exit(0)
