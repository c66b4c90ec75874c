import math

import numpy as np


def _softmax_of_line(line):
    largest = max(line)
    weights = [math.exp(score - largest) for score in line]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def _log_softmax_of_line(line):
    largest = max(line)
    log_sum = math.log(math.fsum(math.exp(score - largest) for score in line))
    return [score - largest - log_sum for score in line]


def _for_each_line(function, x, axis):
    rows = np.moveaxis(np.array(x, dtype=np.float64), axis, -1)
    lines = [function(line) for line in rows.reshape(-1, rows.shape[-1]).tolist()]
    return np.moveaxis(np.array(lines, dtype=np.float64).reshape(rows.shape), -1, axis)


def softmax(x, axis=-1):
    return _for_each_line(_softmax_of_line, x, axis)


def log_softmax(x, axis=-1):
    return _for_each_line(_log_softmax_of_line, x, axis)
