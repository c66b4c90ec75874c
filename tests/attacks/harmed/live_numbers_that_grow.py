# attack: harmed: an iterator that gives megabytes each time; expect: numbers malformed or timed_out or out_of_memory, score 0
import numpy as np


def numbers():
    block = np.zeros(2**20)
    while True:
        yield block
