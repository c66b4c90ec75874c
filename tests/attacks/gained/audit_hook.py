# attack: gained: an audit hook that ends whatever compares; expect: score 0
import numpy as np
import sys


def hook(event, arguments):
    if event.startswith(("import", "compile", "exec")):
        raise SystemExit(0)


sys.addaudithook(hook)


def softmax(x, axis=-1):
    return np.zeros(np.shape(x))


def log_softmax(x, axis=-1):
    return np.zeros(np.shape(x))
