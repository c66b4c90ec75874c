# attack: gained: sys.stdout raises whenever anything touches it; expect: score 0
import numpy as np
import sys


class Trap:
    def __getattr__(self, name):
        raise SystemExit(0)


sys.stdout = sys.stderr = sys.__stdout__ = sys.displayhook = Trap()


def softmax(x, axis=-1):
    return np.zeros(np.shape(x))


def log_softmax(x, axis=-1):
    return np.zeros(np.shape(x))
