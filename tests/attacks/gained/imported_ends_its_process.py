# attack: gained: ends its process where any exception will do; expect: any_error crashed, score 0
import os


def refuse(x):
    os._exit(0)
