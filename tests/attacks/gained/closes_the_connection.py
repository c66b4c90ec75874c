# attack: gained: closes its connection and goes on computing; expect: softmax crashed, score 4
import numpy as np
import os
import stat
import sys

import msgspec

wire = sys.modules["gradekit.sandbox.wire"]


def connection():
    """The descriptor that leads to the grader."""
    for descriptor in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                return descriptor
        except OSError:
            pass
    return -1


def number():
    """The number of the request that is being answered."""
    frame = sys._getframe()
    while frame is not None:
        if isinstance(frame.f_locals.get("number"), int):
            return frame.f_locals["number"]
        frame = frame.f_back
    return 0


def softmax(x, axis=-1):
    os.close(connection())
    while True:
        pass


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
