# attack: gained: a dict of 60,000 keys with one hash, its own guard switched off; expect: softmax malformed, score 4
import numpy as np
import sys

sys.modules["gradekit.sandbox.decoding"].FEW_KEYS = 10**9
MODULUS = 2**61 - 1


def softmax(x, axis=-1):
    return {(1 + k) * MODULUS: 0 for k in range(40_000)}


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
