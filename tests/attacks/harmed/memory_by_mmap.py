# attack: harmed: maps and touches memory past Python's allocator; expect: softmax out_of_memory, score 4, says it used more than
import numpy as np
import mmap


def softmax(x, axis=-1):
    hog = []
    while True:
        area = mmap.mmap(-1, 64 << 20)
        for place in range(0, len(area), 4096):
            area[place] = 1
        hog.append(area)
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
