# attack: gained: an exception whose class says that it is ValueError; expect: score 0
class Odd(BaseException):
    __class__ = ValueError
    __name__ = "ValueError"


def fail():
    raise Odd("no")
