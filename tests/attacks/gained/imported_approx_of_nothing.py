# attack: gained: an array of its own kind that holds nothing to compare; expect: approx finished, near finished, score 0
import numpy as np


class Flat(np.ndarray):
    flat = ()


def three():
    return np.zeros(3).view(Flat)
