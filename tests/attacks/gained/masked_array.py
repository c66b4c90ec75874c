# attack: gained: a masked array, all of whose entries are masked out of comparisons; expect: score 0
import numpy as np


def softmax(x, axis=-1):
    return np.ma.masked_all(np.shape(x))


log_softmax = softmax
