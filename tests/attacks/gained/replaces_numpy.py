# attack: gained: sys.modules holds another numpy, whose arrays equal everything; expect: score 0
import numpy as np
import sys
import types

fake = types.ModuleType("numpy")
fake.__dict__.update(np.__dict__)
fake.asarray = lambda *args, **keywords: np.ones(1)
sys.modules["numpy"] = fake


def softmax(x, axis=-1):
    return np.zeros(np.shape(x))


def log_softmax(x, axis=-1):
    return np.zeros(np.shape(x))
