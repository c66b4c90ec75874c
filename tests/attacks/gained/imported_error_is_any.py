# attack: gained: its exception is any, and it raises another; expect: own_error finished, own_error_again finished, score 0
Refused = Exception


def fail():
    return 1 / 0
