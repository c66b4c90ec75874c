# attack: gained: sends descriptions of errors whose fields are wrong, huge or of our own names; expect: score 0
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


ERRORS = [
    {"reason": "raised", "type": "Skipped", "builtin": "Skipped", "text": "", "where": None},
    {"reason": "not_run", "type": "SandboxError", "builtin": "SystemExit", "text": "x" * 900_000,
     "where": (2**62, ["x"] * 1000, 2**62)},
    {"reason": "raised", "type": "SyntaxError", "builtin": "SyntaxError", "text": "",
     "where": (1, "x", 2**40)},
    {"reason": 1}, None, "passed", ["reason"], {"reason": "passed", "score": 10.0},
]


def softmax(x, axis=-1):
    error = ERRORS[number() % len(ERRORS)]
    os.write(connection(), b"".join(map(bytes, wire.encode("raised", number(), (error, "")))))
    return np.zeros(np.shape(x))


log_softmax = softmax
