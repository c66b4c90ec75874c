# attack: harmed: writes files wherever it may; expect: score 10
import numpy as np
import os


def attempt(action):
    try:
        return action()
    except BaseException:
        return None

FOLDERS = (".", "CANARIES", "CANARIES/folder", os.getcwd())


def fill(folder):
    for number in range(3):
        with open(f"{folder}/kit_attack_{number}", "wb") as file:
            file.write(b"x" * 1_000_000)


for folder in FOLDERS:
    attempt(lambda: fill(folder))
    attempt(lambda: os.mkdir(f"{folder}/kit_attack_folder"))
    attempt(lambda: os.mkfifo(f"{folder}/kit_attack_fifo"))
    attempt(lambda: os.symlink("CANARIES", f"{folder}/kit_attack_link"))
    attempt(lambda: os.link("CANARIES/file", f"{folder}/kit_attack_hard"))
    attempt(lambda: os.close(os.open(folder, os.O_TMPFILE | os.O_RDWR)))
    attempt(lambda: np.save(f"{folder}/kit_attack_array", np.zeros(1000)))
    attempt(lambda: os.mknod(f"{folder}/kit_attack_node"))


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
