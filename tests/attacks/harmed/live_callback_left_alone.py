# attack: harmed: ends its process while a function of the check is called; expect: applied crashed, score 0
import os


def apply(function, x):
    os._exit(0)
