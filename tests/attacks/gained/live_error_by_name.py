# attack: gained: an exception that is called ValueError and is none; expect: score 0
class ValueError(BaseException):
    pass


def fail():
    raise ValueError("no")
