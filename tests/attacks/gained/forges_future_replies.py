# attack: gained: answers the next hundred requests ahead, with its own words for passed; expect: score 0
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
    for ahead in range(100):
        frame = wire.encode("value", number() + ahead, ([0.5, 0.5], "10 of 10"))
        os.write(connection(), b"".join(map(bytes, frame)))
    return np.zeros(np.shape(x))


log_softmax = softmax
