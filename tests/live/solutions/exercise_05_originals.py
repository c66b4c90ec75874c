"""What the tests in cases/ ask for; no class here judges anything itself."""

import io
import math
import os
import pickle
import random
import tarfile

import numpy as np


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __repr__(self):
        return f"Point({self.x}, {self.y})"


class Timer:
    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        return False

    def half(self, x):
        return x / 2


class Refused(Exception):
    pass


def source():
    return "total = 1 + 2"


def total(x, y):
    return x + y


def scale(x: float) -> float:
    return 2 * x


def dump(value):
    return pickle.dumps(value)


def save(value, path):
    with open(path, "wb") as file:
        pickle.dump(value, file)


def save_array(value, path):
    with open(path, "wb") as file:
        np.save(file, np.array(value))


def report():
    path = "kit_attack.txt"
    with open(path, "w") as file:
        file.write("done")
    return path


def letters():
    return list(report())


def queries():
    return ["CREATE TABLE t (x)", "INSERT INTO t VALUES (7)"]


def packed():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        member = tarfile.TarInfo("a.txt")
        member.size = 4
        file.addfile(member, io.BytesIO(b"done"))
    return buffer.getvalue()


def logging_of(name):
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"out": {"class": "logging.StreamHandler"}},
        "loggers": {name: {"level": "INFO"}},
    }


def settings():
    return "rate: 0.1"


def prompt():
    return "x is {{ x }}"


def compiled():
    return b""


def built(folder):
    return ""


def process():
    return 0


def many():
    return 3


def level(values):
    return f"{os.environ['KIT_LEVEL']}{random.choice(values)}"


def write_text(folder):
    path = f"{folder}/text.txt"
    with open(path, "w") as file:
        file.write("done")
    return path


def write(folder):
    with open(f"{folder}/made.py", "w") as file:
        file.write("VALUE = 7\n")


def code():
    return "VALUE = 7\n"


def snippet():
    return 3


def tripled(x):
    """Three times x.

    >>> tripled("a")
    'aaa'
    """
    return 3 * x


def refuse(x):
    raise ValueError("no")


def fail():
    raise Refused("no")


def double(x):
    return x + x


def three():
    return 3.0


def square(x):
    return x * x


def primes():
    return {2, 3, 5}


def area(r):
    return math.pi * r * r


def norm(x):
    return np.sqrt(np.sum(np.asarray(x) ** 2))


def sizes():
    return {"a": 3, "b": 4}


def greeting():
    return "Hello {name:>5}"


def first(read, folder):
    return read(f"{folder}/names.txt")


def keep_double(desk):
    desk.keep(2 * desk.fetch())


def largest(scores):
    return scores.index(max(scores))
