# attack: harmed: raises before a test puts back what it has replaced, for those who follow; expect: level finished, score 0
def level(values):
    raise ValueError
