# attack: harmed: stops reading what it is asked; expect: softmax timed_out
import numpy as np
import os
import sys


def softmax(x, axis=-1):
    import gradekit.sandbox.wire as wire

    def stuck(*args, **keywords):
        while True:
            pass

    wire.receive = stuck
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
