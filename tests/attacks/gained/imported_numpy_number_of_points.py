# attack: gained: the sum of its right answers is a NumPy number, taken for no number; expect: pairs finished, thirds finished, score 0
import numpy as np


def square(x):
    return np.float64(-1)
