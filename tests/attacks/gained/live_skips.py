# attack: gained: an exception that is called like pytest's Skipped; expect: score 0
class Skipped(Exception):
    __module__ = "_pytest.outcomes"


def fail():
    raise Skipped("no")


five = names = numbers = square = look = fail
