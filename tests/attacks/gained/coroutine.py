# attack: gained: an async function returns a coroutine; expect: softmax malformed, score 4
import numpy as np


async def softmax(x, axis=-1):
    return x


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
