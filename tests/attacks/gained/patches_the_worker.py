# attack: gained: the worker's functions that handle requests and describe errors are replaced; expect: score 0
import numpy as np
import sys

worker = sys.modules["gradekit.sandbox.inside.worker"]
worker._handle = lambda answer, kind, body: "passed"
worker._describe = lambda error: {"reason": "passed", "outcome": "passed", "score": 10}


def softmax(x, axis=-1):
    return np.zeros(np.shape(x))


def log_softmax(x, axis=-1):
    return np.zeros(np.shape(x))
