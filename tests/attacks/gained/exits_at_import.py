# attack: gained: ends its process with os._exit(0) while it is imported; expect: softmax finished, log_softmax finished, score 0
import numpy as np
import os

os._exit(0)


def softmax(x, axis=-1):
    return np.zeros(np.shape(x))


def log_softmax(x, axis=-1):
    return np.zeros(np.shape(x))
