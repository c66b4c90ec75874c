# attack: gained: encode and decode of gradekit's codec are replaced in its own process; expect: score 0
import numpy as np
import sys

wire = sys.modules["gradekit.sandbox.wire"]
wire.Malformed = wire.NotData = Warning
encode = wire.encode
wire.encode = lambda kind, number, value, opaque=None: encode("value", number, (True, ""))


def softmax(x, axis=-1):
    return np.zeros(np.shape(x))


def log_softmax(x, axis=-1):
    return np.zeros(np.shape(x))
