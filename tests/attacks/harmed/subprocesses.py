# attack: harmed: starts programs by every means that Python has; expect: score 10
import numpy as np
import os


def attempt(action):
    try:
        return action()
    except BaseException:
        return None

import multiprocessing
import subprocess

for action in (
    lambda: subprocess.run(["touch", "CANARIES/kit_attack_subprocess"]),
    lambda: os.system("touch /tmp/kit_attack_system"),
    lambda: os.posix_spawn("/bin/touch", ["touch", "CANARIES/kit_attack_spawn"], {}),
    lambda: os.popen("touch /tmp/kit_attack_popen").read(),
    lambda: os.execv("/bin/touch", ["touch", "CANARIES/kit_attack_exec"]),
    lambda: multiprocessing.get_context("fork").Process(target=print).start(),
    lambda: multiprocessing.get_context("spawn").Process(target=print).start(),
):
    attempt(action)


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
