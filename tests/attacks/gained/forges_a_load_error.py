# attack: gained: its import fails with a description that would cost the grader a terabyte; expect: score 0
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


worker = sys.modules["gradekit.sandbox.inside.worker"]
worker._describe = lambda error: {
    "reason": "raised", "type": "SyntaxError", "builtin": "SyntaxError", "text": "oops",
    "where": (1, "x = 1", 2**40),
}
raise ValueError
