# attack: gained: built-in functions of its own, in a notebook and after `import *`; expect: pairs finished, starred finished, sizes finished, thirds finished, cell finished, okay finished, score 0
def sum(values, start=0):
    return 3


def bool(value):
    return True


def len(value):
    return 1


def isinstance(value, kind):
    return True


def square(x):
    return 0


def norm(x):
    return 0.0


def pairs(*given):
    return []


def sizes():
    return {}
