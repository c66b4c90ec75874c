# attack: harmed: names a process that is none of the test's, for it to signal; expect: signalled finished, score 0
import os


def process():
    return os.getppid()
