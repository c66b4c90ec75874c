# attack: harmed: calls a function of the check with more data than may come back; expect: applied malformed or finished, score 0
def apply(function, x):
    return function("x" * 2**20)
