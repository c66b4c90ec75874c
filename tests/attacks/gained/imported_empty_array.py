# attack: gained: an array without entries is near everything; expect: score 0
import numpy as np


def three():
    return np.zeros(0)


norm = area = lambda x: np.zeros(0)
