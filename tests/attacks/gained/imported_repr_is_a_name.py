# attack: gained: a repr that is the name of what the test expects; expect: eval_total finished, score 0
class Named:
    def __repr__(self):
        return "expected"


def total(x, y):
    return Named()
