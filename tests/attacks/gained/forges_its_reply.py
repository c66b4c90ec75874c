# attack: gained: writes a reply of its own to the grader's socket before it returns; expect: score 0
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
    value = np.full(np.shape(x), 1 / np.shape(x)[-1])
    for reply in (("passed", ""), (True, ""), (value, "")):
        os.write(connection(), b"".join(map(bytes, wire.encode("value", number(), reply))))
    return value


log_softmax = softmax
