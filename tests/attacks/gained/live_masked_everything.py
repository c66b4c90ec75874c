# attack: gained: an array whose entries are all masked, passed over by comparisons; expect: close_array finished, score 0
import numpy as np


def square(x):
    return np.ma.masked_all(2)
