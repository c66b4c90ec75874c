# attack: gained: NaN in every place, hoping that no comparison with it fails; expect: score 0
import numpy as np


def softmax(x, axis=-1):
    return np.full(np.shape(x), np.nan)


log_softmax = softmax
