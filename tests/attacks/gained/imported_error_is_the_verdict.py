# attack: gained: its exception is that of failed tests, which catch their own then; expect: score 0
Refused = AssertionError


def fail():
    pass
