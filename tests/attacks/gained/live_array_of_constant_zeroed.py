# attack: gained: zeroes a part of an array that the check compares with; expect: score 0
import numpy as np


def look(items):
    items[:] = 0
    return 2


def square(x):
    return np.zeros(2)
