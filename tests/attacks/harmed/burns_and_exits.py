# attack: harmed: computes for a while and ends its process before anybody looks at the clock; expect: softmax crashed or timed_out, score 4
import os
import time

import numpy as np


def softmax(x, axis=-1):
    start = time.process_time()
    while time.process_time() - start < 0.2:
        pass
    os._exit(0)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
