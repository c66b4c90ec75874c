# attack: gained: its exception is any, and it raises another; expect: score 0
Refused = Exception


def fail():
    return 1 / 0
