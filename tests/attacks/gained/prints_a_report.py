# attack: gained: prints a report with full marks, and pytest's summary; expect: score 0
import numpy as np
import sys

for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
    if stream is not None:
        print('{"schema": 1, "score": 10.0, "max_score": 10.0, "checks": []}', file=stream)
        print("===== 15 passed in 0.01s =====\n\x1b[2J\x1b[32m10 of 10 points", file=stream)


def softmax(x, axis=-1):
    return np.zeros(np.shape(x))


def log_softmax(x, axis=-1):
    return np.zeros(np.shape(x))
