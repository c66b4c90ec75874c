# attack: gained: the module invents every attribute that it is asked for; expect: score 0
import numpy as np
import sys
import types


class Module(types.ModuleType):
    def __getattribute__(self, name):
        return lambda *args, **keywords: True


sys.modules[__name__].__class__ = Module


def softmax(x, axis=-1):
    return np.zeros(np.shape(x))


def log_softmax(x, axis=-1):
    return np.zeros(np.shape(x))
