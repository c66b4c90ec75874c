# attack: gained: its exception is that of failed tests, which catch their own then; expect: own_error finished, own_error_again finished, score 0
Refused = AssertionError


def fail():
    pass
